internal import CPostgres

/// Writes PostgreSQL's binary COPY format. Rows are gathered and handed to libpq in larger pieces.
package struct PostgresCopyWriter: ~Copyable {
  private let wire: Wire
  private var buffer: [UInt8] = []
  private static let pieceSize = 64 * 1024

  init(_ wire: Wire, _ sql: String) throws(PostgresError) {
    self.wire = wire
    _ = try wire.beginCopy(sql)
    buffer.reserveCapacity(Self.pieceSize * 2)
    buffer.append(contentsOf: "PGCOPY\n".utf8)
    buffer.append(contentsOf: [0xFF, 0x0D, 0x0A, 0x00])
    buffer.append(bigEndian: Int32(0))  // flags
    buffer.append(bigEndian: Int32(0))  // length of the header's extension
  }

  /// One row; nil is NULL. The types are known at compile time, so that nothing is boxed.
  package mutating func row<each Value: PostgresEncodable>(
    _ values: repeat (each Value)?
  ) throws(PostgresError) {
    let start = buffer.count
    buffer.append(bigEndian: Int16(0))
    var count: Int16 = 0
    for value in repeat each values {
      count += 1
      buffer.appendWithLength(value)
    }
    buffer[start] = UInt8(truncatingIfNeeded: count >> 8)
    buffer[start + 1] = UInt8(truncatingIfNeeded: count)
    try flush(beyond: Self.pieceSize)
  }

  package mutating func row(fields: [(any PostgresEncodable)?]) throws(PostgresError) {
    buffer.append(bigEndian: Int16(truncatingIfNeeded: fields.count))
    for field in fields { buffer.appendWithLength(field) }
    try flush(beyond: Self.pieceSize)
  }

  mutating func finish() throws(PostgresError) -> Int {
    buffer.append(bigEndian: Int16(-1))
    do {
      try flush(beyond: 0)
    } catch {
      abandon()
      throw error
    }
    return try end(because: nil).affectedRows
  }

  /// Makes the server forget the rows of this COPY; the transaction is aborted.
  mutating func abandon() {
    // The refusal that answers it is the wanted effect; the caller's own error is the one to report.
    _ = try? end(because: "abandoned")
  }

  private mutating func flush(beyond size: Int) throws(PostgresError) {
    guard buffer.count > size else { return }
    guard buffer.count < Int32.max else {
      throw PostgresError(.misuse, "a row of COPY exceeds 2 GiB")
    }
    let sent = buffer.withUnsafeBytes { bytes in
      PQputCopyData(
        wire.connection, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
    }
    buffer.removeAll(keepingCapacity: true)
    guard sent == 1 else {
      throw PostgresError(
        wire.isBroken ? .connectionLost : .misuse,
        Wire.firstLine(PQerrorMessage(wire.connection)))
    }
  }

  private func end(because reason: String?) throws(PostgresError) -> ResultHandle {
    guard PQputCopyEnd(wire.connection, reason) == 1 else {
      throw PostgresError(.connectionLost, Wire.firstLine(PQerrorMessage(wire.connection)))
    }
    return try wire.check(wire.answer())
  }
}
