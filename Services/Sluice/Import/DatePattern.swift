import Contracts
import Foundation

/// A strict date format of the letters `yyyy MM dd HH mm ss` with a fixed number of digits each.
struct DatePattern: Hashable, Sendable {
  struct Malformed: Error { var message: String }

  /// A date and time as the text has it, without a time zone.
  struct LocalTime: Hashable, Sendable {
    var year = 1
    var month = 1
    var day = 1
    var secondOfDay = 0

    /// `yyyy-MM-dd`
    var dateText: String {
      func digits(_ value: Int, _ count: Int) -> String {
        String(repeating: "0", count: max(0, count - String(value).count)) + String(value)
      }
      return "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    }
  }

  private enum Part: Hashable {
    case year, month, day, hour, minute, second
    case literal(UInt8)
  }

  let text: String
  private let parts: [Part]

  private static let letters: [String: Part] = [
    "yyyy": .year, "MM": .month, "dd": .day, "HH": .hour, "mm": .minute, "ss": .second,
  ]

  init(_ text: String) throws(Malformed) {
    var parts: [Part] = []
    var rest = Substring(text)
    while let first = rest.first {
      let run = first.isASCII && first.isLetter ? rest.prefix { $0 == first } : rest.prefix(1)
      if let part = DatePattern.letters[String(run)] {
        guard !parts.contains(part) else { throw Malformed(message: "\(run) stands in it twice") }
        parts.append(part)
      } else if first == "T" || !first.isASCII || !first.isLetter {
        parts += run.utf8.map(Part.literal)
      } else {
        throw Malformed(message: "\(run) is none of yyyy, MM, dd, HH, mm, ss")
      }
      rest = rest[run.endIndex...]
    }
    guard parts.contains(.year), parts.contains(.month), parts.contains(.day) else {
      throw Malformed(message: "it needs yyyy, MM and dd")
    }
    self.text = text
    self.parts = parts
  }

  /// Nil when the text has another form or names a time that does not exist.
  func parse(_ text: String) -> LocalTime? {
    var bytes = text.utf8.makeIterator()
    func number(_ digits: Int) -> Int? {
      var value = 0
      for _ in 0..<digits {
        guard let byte = bytes.next(), (48...57).contains(byte) else { return nil }
        value = value * 10 + Int(byte - 48)
      }
      return value
    }
    var time = LocalTime()
    for part in parts {
      if case .literal(let expected) = part {
        guard bytes.next() == expected else { return nil }
        continue
      }
      guard let value = number(part == .year ? 4 : 2) else { return nil }
      switch part {
      case .year where value >= 1: time.year = value
      case .month: time.month = value
      case .day: time.day = value
      case .hour where value < 24: time.secondOfDay += value * 3_600
      case .minute where value < 60: time.secondOfDay += value * 60
      case .second where value < 60: time.secondOfDay += value
      default: return nil
      }
    }
    guard bytes.next() == nil,
      CivilDate.isValid(year: time.year, month: time.month, day: time.day)
    else { return nil }
    return time
  }
}

extension DatePattern.LocalTime {
  /// The instant at which a clock of that zone shows it. Of a time that the clock skips, the one
  /// after the change; of one that it shows twice, the first.
  func instant(in zone: TimeZone) -> Instant {
    let seconds =
      CivilDate.days(year: year, month: month, day: day) * Instant.secondsPerDay
      + Int64(secondOfDay)
    func offset(at seconds: Int64) -> Int64 {
      Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(seconds))))
    }
    let before = offset(at: seconds - Instant.secondsPerDay)
    let first = seconds - before
    let after = offset(at: first)
    let second = seconds - after
    let result = after != before && offset(at: second) == after ? second : first
    return Instant(microseconds: result * 1_000_000)
  }
}
