package import Foundation

/// What calendar and clock on the wall show somewhere.
struct WallClock: Hashable, Sendable {
  var day: CalendarDay
  /// Since midnight, as the hands show it.
  var microseconds: Int64

  static let microsecondsPerDay = Instant.secondsPerDay * 1_000_000

  init(day: CalendarDay, microseconds: Int64 = 0) {
    self.day = day
    self.microseconds = microseconds
  }

  init(at instant: Instant, in zone: TimeZone) {
    let local = instant.microseconds + zone.offset(at: instant.microseconds)
    day = CalendarDay(days: local.floored(by: WallClock.microsecondsPerDay))
    microseconds = local - day.days * WallClock.microsecondsPerDay
  }

  /// When the clocks show this. A time that they skip when they are put forward becomes as much
  /// later as they skip (02:30 becomes 03:30); of a time that they show twice, the first counts.
  func instant(in zone: TimeZone) -> Instant {
    let local = day.days * WallClock.microsecondsPerDay + microseconds
    let before = local - zone.offset(at: local - WallClock.microsecondsPerDay)
    if before + zone.offset(at: before) == local { return Instant(microseconds: before) }
    let after = local - zone.offset(at: local + WallClock.microsecondsPerDay)
    let isShown = after + zone.offset(at: after) == local
    return Instant(microseconds: isShown ? after : before)
  }
}

extension TimeZone {
  /// East of Greenwich, in microseconds.
  fileprivate func offset(at microseconds: Int64) -> Int64 {
    let date = Date(timeIntervalSince1970: Double(microseconds) / 1_000_000)
    return Int64(secondsFromGMT(for: date)) * 1_000_000
  }

  /// The time zone of an IANA name such as `Asia/Shanghai`, or of `UTC`; nil for anything else, such
  /// as an abbreviation, which means something else in other countries.
  package static func named(_ name: String) -> TimeZone? {
    guard name == "UTC" || name.contains("/") else { return nil }
    return TimeZone(identifier: name)
  }
}
