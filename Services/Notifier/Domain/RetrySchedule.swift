import Contracts
import Foundation

/// When a delivery that failed is tried again, as Standard Webhooks suggests.
enum RetrySchedule {
  /// Seconds after the first, second, … failure; then the delivery has failed for good.
  static let waits: [Double] = [
    5, 5 * 60, 30 * 60, 2 * 3_600, 5 * 3_600, 10 * 3_600, 14 * 3_600, 20 * 3_600, 24 * 3_600,
  ]

  /// Part of a wait by which it is longer or shorter.
  static let jitter = 0.2

  /// - Parameters:
  ///   - failures: so many attempts have failed, 1 or more.
  ///   - random: from -1 to 1.
  /// - Returns: nil after the last attempt.
  static func wait(afterFailures failures: Int, random: Double) -> Double? {
    guard failures <= waits.count else { return nil }
    return waits[failures - 1] * (1 + jitter * random)
  }
}

/// The header of answers 429 and 503.
enum RetryAfter {
  static let cap: Double = 24 * 3_600

  /// Seconds to wait, from 1 to a day; nil where the header says nothing that can be read.
  static func seconds(_ header: String, now: Instant) -> Double? {
    let text = header.trimmingCharacters(in: .whitespaces)
    let seconds: Double
    if !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) {
      seconds = Double(text) ?? cap
    } else if let date = date(text) {
      seconds = date.timeIntervalSince1970 - Double(now.microseconds) / 1_000_000
    } else {
      return nil
    }
    return min(max(1, seconds), cap)
  }

  /// Such as `Mon, 23 Nov 2026 08:15:00 GMT`.
  private static func date(_ text: String) -> Date? {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.timeZone = TimeZone(identifier: "UTC")
    formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
    return formatter.date(from: text)
  }
}
