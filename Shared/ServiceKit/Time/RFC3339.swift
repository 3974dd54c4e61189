import Foundation

/// Instants as text: RFC 3339, written in UTC with microseconds.
package enum RFC3339 {
  /// `2026-03-01T09:30:00.000123Z`, from microseconds since 1970.
  package static func string(microseconds: Int64) -> String {
    let (seconds, fraction) = floored(microseconds, by: 1_000_000)
    let (days, second) = floored(seconds, by: 86_400)
    let (year, month, day) = civilDate(daysSince1970: days)
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    let time =
      "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    return "\(date)T\(time).\(padded(fraction, 6))Z"
  }

  /// Microseconds since 1970 of `2026-03-01T09:30:00Z`, with or without a fraction (cut after
  /// six digits), with `Z` or an offset such as `+08:00`. Nil for anything else.
  package static func microseconds(_ text: some StringProtocol) -> Int64? {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      guard range.upperBound <= bytes.count else { return nil }
      var value: Int64 = 0
      for byte in bytes[range] {
        guard (48...57).contains(byte) else { return nil }
        value = value * 10 + Int64(byte - 48)
      }
      return value
    }
    func isAt(_ index: Int, _ characters: String) -> Bool {
      index < bytes.count && characters.utf8.contains(bytes[index])
    }
    guard let year = number(0..<4), isAt(4, "-"), let month = number(5..<7), isAt(7, "-"),
      let day = number(8..<10), isAt(10, "Tt"), let hour = number(11..<13), isAt(13, ":"),
      let minute = number(14..<16), isAt(16, ":"), let second = number(17..<19),
      (1...12).contains(month), (1...length(ofMonth: month, year)).contains(day),
      hour < 24, minute < 60, second < 60
    else { return nil }

    var index = 19
    var fraction: Int64 = 0
    if isAt(index, ".") {
      let start = index + 1
      index = start
      while isAt(index, "0123456789") { index += 1 }
      guard index > start else { return nil }
      let digits = min(index - start, 6)
      fraction = number(start..<start + digits)!
      for _ in digits..<6 { fraction *= 10 }
    }
    var offset: Int64 = 0
    if isAt(index, "Zz") {
      index += 1
    } else if isAt(index, "+-"), let hours = number(index + 1..<index + 3), isAt(index + 3, ":"),
      let minutes = number(index + 4..<index + 6), hours < 24, minutes < 60
    {
      offset = (hours * 60 + minutes) * (isAt(index, "-") ? -60 : 60)
      index += 6
    } else {
      return nil
    }
    guard index == bytes.count else { return nil }
    let days = daysSince1970(year, month, day)
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second - offset
    return seconds * 1_000_000 + fraction
  }

  /// The wall clock in microseconds since 1970.
  package static func now() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1_000_000 + Int64(now.tv_nsec) / 1000
  }
}

private func padded(_ value: Int64, _ width: Int) -> String {
  let digits = String(value)
  return digits.utf8.count < width
    ? String(repeating: "0", count: width - digits.utf8.count) + digits : digits
}

private func floored(_ value: Int64, by divisor: Int64) -> (Int64, Int64) {
  let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
  return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
}

private func length(ofMonth month: Int64, _ year: Int64) -> Int64 {
  let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
  return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][Int(month) - 1]
}

// The proleptic Gregorian calendar in eras of 400 years that start on 1 March.

private func civilDate(daysSince1970: Int64) -> (Int64, Int64, Int64) {
  let (era, dayOfEra) = floored(daysSince1970 + 719_468, by: 146_097)
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shifted = (5 * dayOfYear + 2) / 153
  let month = shifted < 10 ? shifted + 3 : shifted - 9
  let day = dayOfYear - (153 * shifted + 2) / 5 + 1
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
}

private func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
  let (era, yearOfEra) = floored(month <= 2 ? year - 1 : year, by: 400)
  let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
  let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
