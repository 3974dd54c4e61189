import Contracts

/// A stretch of days, UTC; weeks begin on Monday.
enum CalendarInterval: String, CaseIterable, Sendable {
  case day, week, month

  /// The first day of the interval that holds the day.
  func start(of day: CalendarDay) -> CalendarDay {
    switch self {
    case .day: day
    case .week:
      CalendarDay(days: day.days - Int64(Weekday.allCases.firstIndex(of: day.weekday) ?? 0))
    case .month: CalendarDay(String(day.description.prefix(8)) + "01") ?? day
    }
  }

  /// The first day of the interval after the one that begins with the day.
  func next(after start: CalendarDay) -> CalendarDay {
    switch self {
    case .day: start.next
    case .week: CalendarDay(days: start.days + 7)
    // No month has more than 31 days, and none ends before the fourth of the next one is reached.
    case .month: self.start(of: CalendarDay(days: start.days + 32))
    }
  }

  /// The first day of the interval that many before the one that holds the day.
  func start(_ count: Int, before day: CalendarDay) -> CalendarDay {
    var start = start(of: day)
    for _ in 0..<count { start = self.start(of: CalendarDay(days: start.days - 1)) }
    return start
  }
}

extension CalendarDay {
  init(_ time: Instant) { self.init(days: Int64(time.day)) }

  /// 00:00 UTC.
  var midnight: Instant {
    Instant(microseconds: days * Instant.secondsPerDay * 1_000_000)
  }
}
