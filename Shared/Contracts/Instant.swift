/// A point in time: microseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// On every wire an instant is an RFC 3339 string in UTC with six decimals; reading accepts any
/// offset and zero to nine decimals (those beyond the sixth are cut off).
package struct Instant: Hashable, Comparable, Sendable {
  package let microseconds: Int64

  package init(microseconds: Int64) {
    self.microseconds = microseconds
  }

  package init(milliseconds: Int64) {
    self.init(microseconds: milliseconds * 1_000)
  }

  package static let secondsPerDay: Int64 = 86_400

  package static func < (left: Instant, right: Instant) -> Bool {
    left.microseconds < right.microseconds
  }

  package var milliseconds: Int64 { microseconds.floored(by: 1_000) }

  /// Whole days since 1970-01-01 in UTC.
  package var day: Int32 {
    Int32(microseconds.floored(by: 1_000_000 * Instant.secondsPerDay))
  }

  /// Days from `earlier` to `self` as a fraction; negative when `earlier` is later.
  package func days(since earlier: Instant) -> Double {
    Double(microseconds - earlier.microseconds) / 1_000_000 / Double(Instant.secondsPerDay)
  }

  package func adding(days: Double) -> Instant {
    Instant(
      microseconds: microseconds
        + Int64((days * Double(Instant.secondsPerDay) * 1_000_000).rounded()))
  }

  package func adding(seconds: Double) -> Instant {
    Instant(microseconds: microseconds + Int64((seconds * 1_000_000).rounded()))
  }
}

extension Int64 {
  /// Division that rounds towards minus infinity, so that instants before 1970 fall on the right day.
  func floored(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}

extension Instant: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let instant = Instant(text) else {
      throw DecodingError.dataCorruptedError(
        in: container,
        debugDescription: "expected an RFC 3339 instant such as 2026-11-23T09:30:00Z")
    }
    self = instant
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
