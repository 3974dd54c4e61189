package import Contracts
package import Postgres

/// A message that is published once the transaction that wrote it has committed.
package struct OutboxMessage: Sendable {
  package let topic: Topic
  package let wire: WireMessage

  package init(topic: Topic, wire: WireMessage) {
    self.topic = topic
    self.wire = wire
  }

  /// The unit of ordering and of work sharing: all messages of one key share a bucket.
  package var bucket: Int16 { Outbox.bucket(of: wire.key) }
}

/// The writing side of the outbox.
package enum Outbox {
  package static let buckets = 64

  /// FNV-1a (64 bit) of the key, folded to six bits. Stable for all times: rows outlive processes.
  package static func bucket(of key: [UInt8]?) -> Int16 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key ?? [] {
      hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
    }
    return Int16((hash ^ hash >> 32) % UInt64(buckets))
  }

  /// Appends in order. The caller holds the lock of every opportunity whose events it appends, so
  /// that ids rise per key.
  package static func append(
    _ messages: [OutboxMessage], at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws {
    guard !messages.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO outbox (bucket, topic, message_key, value, headers, created_at)
      SELECT b, t, k, v, h, $6 FROM
        unnest($1::smallint[], $2::text[], $3::bytea[], $4::bytea[], $5::bytea[])
        WITH ORDINALITY AS new (b, t, k, v, h, ordinal)
      ORDER BY ordinal
      """, messages.map(\.bucket), messages.map(\.topic.name),
      messages.map(\.wire.key), messages.map(\.wire.value),
      messages.map { HeaderCoding.encode($0.wire.headers) }, now)
  }
}

/// Headers as one `bytea`: per header the name's length (2 bytes), the name, the value's length
/// (4 bytes, -1 for null) and the value; integers big-endian.
package enum HeaderCoding {
  package static func encode(_ headers: [WireMessage.Header]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(
      headers.reduce(0) { $0 + 6 + $1.name.utf8.count + ($1.value?.count ?? 0) })
    for header in headers {
      let name = header.name.utf8.prefix(Int(UInt16.max))
      append(UInt32(name.count), width: 2, to: &bytes)
      bytes.append(contentsOf: name)
      let length = header.value.map { Int32($0.count) } ?? -1
      append(UInt32(bitPattern: length), width: 4, to: &bytes)
      if let value = header.value { bytes.append(contentsOf: value) }
    }
    return bytes
  }

  private static func append(_ number: UInt32, width: Int, to bytes: inout [UInt8]) {
    for place in (0..<width).reversed() {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt32(8 * place)))
    }
  }

  /// Nil when the bytes are not what `encode` writes.
  package static func decode(_ bytes: [UInt8]) -> [WireMessage.Header]? {
    bytes.withUnsafeBytes { bytes in
      var headers: [WireMessage.Header] = []
      headers.reserveCapacity(10)
      var rest = bytes[...]
      func take(_ count: Int) -> UnsafeRawBufferPointer? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return UnsafeRawBufferPointer(rebasing: rest.prefix(count))
      }
      func integer(_ width: Int) -> UInt32? {
        take(width)?.reduce(0) { $0 << 8 | UInt32($1) }
      }
      while !rest.isEmpty {
        guard let nameLength = integer(2), let name = take(Int(nameLength)),
          let length = integer(4).map(Int32.init(bitPattern:))
        else { return nil }
        var value: [UInt8]?
        if length >= 0 {
          guard let taken = take(Int(length)) else { return nil }
          value = Array(taken)
        }
        headers.append(.init(String(decoding: name, as: UTF8.self), value))
      }
      return headers
    }
  }
}
