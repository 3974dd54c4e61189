package import Foundation

/// The identity of an opportunity, event or command: a UUID, written in lower case.
///
/// New ones are UUIDv7 (RFC 9562 section 5.7), so that keys rise with time and index pages fill up
/// one after the other.
package struct EntityID: Hashable, Sendable {
  package let uuid: UUID

  package init(_ uuid: UUID) { self.uuid = uuid }

  /// A UUIDv7 of the given time; `entropy` fills its 74 random bits. Passing the same arguments
  /// gives the same identity, which is how an import repeats without doubling anything.
  package static func v7(at time: Instant, entropy: (UInt64, UInt64)) -> EntityID {
    let millis = UInt64(max(0, time.milliseconds)) & 0xFFFF_FFFF_FFFF
    let high = millis << 16 | 0x7000 | (entropy.0 & 0x0FFF)
    let low = 0x8000_0000_0000_0000 | (entropy.1 & 0x3FFF_FFFF_FFFF_FFFF)
    return EntityID(words: (high, low))
  }

  /// A new identity: UUIDv7 of `time` with random bits of the system's generator.
  package static func make(at time: Instant) -> EntityID {
    var generator = SystemRandomNumberGenerator()
    return v7(at: time, entropy: (generator.next(), generator.next()))
  }
}

extension EntityID: Comparable, CustomStringConvertible, LosslessStringConvertible {
  package init?(_ description: String) {
    var text = description
    guard let id = text.withUTF8({ EntityID(canonical: $0) }) else { return nil }
    self = id
  }

  package var description: String {
    String(unsafeUninitializedCapacity: EntityID.textLength) { text in
      var position = 0
      withUnsafeBytes(of: uuid.uuid) { bytes in
        for byte in bytes {
          if EntityID.hyphens.contains(position) {
            text[position] = UInt8(ascii: "-")
            position += 1
          }
          text[position] = EntityID.digits[Int(byte >> 4)]
          text[position + 1] = EntityID.digits[Int(byte & 0x0F)]
          position += 2
        }
      }
      return EntityID.textLength
    }
  }

  /// Reads the 36 characters of a UUID's text, in either case; nil when there is anything else.
  init?(canonical text: UnsafeBufferPointer<UInt8>) {
    guard text.count == EntityID.textLength else { return nil }
    var words: (UInt64, UInt64) = (0, 0)
    for (position, byte) in text.enumerated() {
      if EntityID.hyphens.contains(position) {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      let digit: UInt64
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt64(byte - UInt8(ascii: "A") + 10)
      default: return nil
      }
      words = (words.0 << 4 | words.1 >> 60, words.1 << 4 | digit)
    }
    self.init(words: words)
  }

  private static let textLength = 36
  private static let hyphens = [8, 13, 18, 23]
  private static let digits = Array("0123456789abcdef".utf8)

  private init(words: (UInt64, UInt64)) {
    let bigEndian = (words.0.bigEndian, words.1.bigEndian)
    self.init(UUID(uuid: unsafeBitCast(bigEndian, to: uuid_t.self)))
  }

  private var words: (UInt64, UInt64) {
    let bigEndian = unsafeBitCast(uuid.uuid, to: (UInt64, UInt64).self)
    return (UInt64(bigEndian: bigEndian.0), UInt64(bigEndian: bigEndian.1))
  }

  /// Byte order, which is also PostgreSQL's order of the type `uuid`.
  package static func < (left: EntityID, right: EntityID) -> Bool { left.words < right.words }
}

extension EntityID: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let id = EntityID(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected a UUID such as 01936f3e-7c00-7000-8000-000000000001")
    }
    self = id
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
