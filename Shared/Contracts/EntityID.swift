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
    func byte(_ word: UInt64, _ index: UInt64) -> UInt8 {
      UInt8(truncatingIfNeeded: word >> (56 - 8 * index))
    }
    return EntityID(
      UUID(
        uuid: (
          byte(high, 0), byte(high, 1), byte(high, 2), byte(high, 3), byte(high, 4),
          byte(high, 5), byte(high, 6), byte(high, 7), byte(low, 0), byte(low, 1), byte(low, 2),
          byte(low, 3), byte(low, 4), byte(low, 5), byte(low, 6), byte(low, 7)
        )))
  }

  /// A new identity: UUIDv7 of `time` with random bits of the system's generator.
  package static func make(at time: Instant) -> EntityID {
    var generator = SystemRandomNumberGenerator()
    return v7(at: time, entropy: (generator.next(), generator.next()))
  }
}

extension EntityID: Comparable, CustomStringConvertible, LosslessStringConvertible {
  package init?(_ description: String) {
    guard let uuid = UUID(uuidString: description) else { return nil }
    self.init(uuid)
  }

  package var description: String { uuid.uuidString.lowercased() }

  /// Byte order, which is also PostgreSQL's order of the type `uuid`.
  package static func < (left: EntityID, right: EntityID) -> Bool {
    withUnsafeBytes(of: left.uuid.uuid) { l in
      withUnsafeBytes(of: right.uuid.uuid) { r in l.lexicographicallyPrecedes(r) }
    }
  }
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
