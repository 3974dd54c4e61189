/// Civil dates of the proleptic Gregorian calendar, counted in days since 1970-01-01.
///
/// The conversions are Howard Hinnant's `days_from_civil` and `civil_from_days`
/// (howardhinnant.github.io/date_algorithms.html).
package enum CivilDate {
  package static func days(year: Int, month: Int, day: Int) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return Int64(era * 146_097 + dayOfEra - 719_468)
  }

  package static func civil(days: Int64) -> (year: Int, month: Int, day: Int) {
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthIndex = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
    let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  package static func isValid(year: Int, month: Int, day: Int) -> Bool {
    guard (1...12).contains(month), day >= 1, day <= 31 else { return false }
    return civil(days: days(year: year, month: month, day: day)) == (year, month, day)
  }
}

extension Instant: CustomStringConvertible, LosslessStringConvertible {
  /// RFC 3339 in UTC with six decimals: `2026-11-23T09:30:00.000000Z`.
  package var description: String {
    let seconds = microseconds.floored(by: 1_000_000)
    let fraction = microseconds - seconds * 1_000_000
    let days = seconds.floored(by: Instant.secondsPerDay)
    let time = Int(seconds - days * Instant.secondsPerDay)
    let date = CivilDate.civil(days: days)
    return String(unsafeUninitializedCapacity: 27) { buffer in
      func put(_ value: Int, at index: Int, width: Int) {
        var rest = value
        for position in stride(from: index + width - 1, through: index, by: -1) {
          buffer[position] = UInt8(ascii: "0") + UInt8(rest % 10)
          rest /= 10
        }
      }
      put(date.year, at: 0, width: 4)
      put(date.month, at: 5, width: 2)
      put(date.day, at: 8, width: 2)
      put(time / 3_600, at: 11, width: 2)
      put(time / 60 % 60, at: 14, width: 2)
      put(time % 60, at: 17, width: 2)
      put(Int(fraction), at: 20, width: 6)
      for (index, mark) in [
        (4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (26, "Z"),
      ]
        as [(Int, Unicode.Scalar)]
      {
        buffer[index] = UInt8(ascii: mark)
      }
      return 27
    }
  }

  /// Reads RFC 3339; nil when the text is none, names a day that does not exist, or lies outside
  /// the years 0001 to 9999.
  package init?(_ description: String) {
    var text = description
    guard let instant = text.withUTF8({ Instant(utf8: $0) }) else { return nil }
    self = instant
  }

  /// The same of UTF-8.
  init?(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    var reader = DigitReader(bytes)
    guard let year = reader.number(4), reader.skip("-"), let month = reader.number(2),
      reader.skip("-"), let day = reader.number(2), year >= 1,
      CivilDate.isValid(year: year, month: month, day: day),
      reader.skip("T") || reader.skip("t") || reader.skip(" "),
      let hour = reader.number(2), hour < 24, reader.skip(":"),
      let minute = reader.number(2), minute < 60, reader.skip(":"),
      let second = reader.number(2), second < 60,
      let micros = reader.fraction(), let offset = reader.offsetSeconds(), reader.isAtEnd
    else { return nil }
    let days = CivilDate.days(year: year, month: month, day: day)
    let seconds = days * Instant.secondsPerDay + Int64(hour * 3_600 + minute * 60 + second - offset)
    // An offset can carry a time of the first or last day over the edge.
    guard (Instant.firstSecond...Instant.lastSecond).contains(seconds) else { return nil }
    self.init(microseconds: seconds * 1_000_000 + Int64(micros))
  }

  private static let firstSecond = CivilDate.days(year: 1, month: 1, day: 1) * secondsPerDay
  private static let lastSecond = CivilDate.days(year: 10_000, month: 1, day: 1) * secondsPerDay - 1
}

/// Reads the fixed-width digits of a timestamp.
private struct DigitReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var index = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  var isAtEnd: Bool { index == bytes.count }

  mutating func number(_ width: Int) -> Int? {
    guard index + width <= bytes.count else { return nil }
    var value = 0
    for byte in bytes[index..<index + width] {
      guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
      value = value * 10 + Int(byte - UInt8(ascii: "0"))
    }
    index += width
    return value
  }

  mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    guard index < bytes.count, bytes[index] == UInt8(ascii: mark) else { return false }
    index += 1
    return true
  }

  /// Zero to nine decimals, as microseconds.
  mutating func fraction() -> Int? {
    guard skip(".") else { return 0 }
    var micros = 0
    var count = 0
    while let digit = number(1) {
      if count < 6 { micros = micros * 10 + digit }
      count += 1
    }
    guard (1...9).contains(count) else { return nil }
    for _ in min(count, 6)..<6 { micros *= 10 }
    return micros
  }

  mutating func offsetSeconds() -> Int? {
    if skip("Z") || skip("z") { return 0 }
    let sign: Int
    if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
    guard let hours = number(2), hours < 24, skip(":"), let minutes = number(2), minutes < 60
    else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }
}
