/// A day of the Gregorian calendar without a time and a zone; on every wire `yyyy-MM-dd`.
package struct CalendarDay: Hashable, Comparable, Sendable {
  /// Days since 1970-01-01.
  package let days: Int64

  package init(days: Int64) { self.days = days }

  package static func < (left: CalendarDay, right: CalendarDay) -> Bool { left.days < right.days }

  package var year: Int { CivilDate.civil(days: days).year }

  package var next: CalendarDay { CalendarDay(days: days + 1) }

  package var weekday: Weekday {
    // 1970-01-01 was a Thursday.
    let index = (days + 3) % 7
    return Weekday.allCases[Int(index < 0 ? index + 7 : index)]
  }
}

/// In the order of ISO 8601.
package enum Weekday: String, Codable, CaseIterable, Sendable {
  case monday = "mon"
  case tuesday = "tue"
  case wednesday = "wed"
  case thursday = "thu"
  case friday = "fri"
  case saturday = "sat"
  case sunday = "sun"
}

extension CalendarDay: CustomStringConvertible, LosslessStringConvertible {
  package var description: String { String(Instant.startOfDay(days).description.prefix(10)) }

  /// Nil for anything but `yyyy-MM-dd` of a day that exists, of the years 0001 to 9999.
  package init?(_ description: String) {
    guard description.utf8.count == 10, let start = Instant(description + "T00:00:00Z") else {
      return nil
    }
    days = start.microseconds.floored(by: 1_000_000 * Instant.secondsPerDay)
  }
}

extension Instant {
  fileprivate static func startOfDay(_ days: Int64) -> Instant {
    Instant(microseconds: days * secondsPerDay * 1_000_000)
  }
}

extension CalendarDay: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let day = CalendarDay(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "expected a date yyyy-MM-dd such as 2026-11-30")
    }
    self = day
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
