import Contracts
import Statistics

/// How `/v1/forgotten` is asked.
struct ForgottenOptions: Sendable {
  var interval = CalendarInterval.week
  /// The rate that is not to be passed, from 0 to 1.
  var target = 0.05

  /// Intervals of one answer.
  static let limit = 400

  struct Point: Equatable, Sendable {
    /// First day of the interval.
    var start: CalendarDay
    /// Its end, or where the question ends within it.
    var at: Instant
  }

  /// The intervals that are asked for: those from `from`, else the last 30 days, 26 weeks or 12
  /// months. One more than `limit` where there are too many; none where nothing is left.
  func points(_ question: FunnelQuestion, now: Instant) -> [Point] {
    var end = question.asOf ?? now
    if let to = question.to { end = min(end, Instant(microseconds: to.microseconds - 1)) }
    if let from = question.from, from > end { return [] }
    let last = CalendarDay(end)
    var start =
      question.from.map { interval.start(of: CalendarDay($0)) }
      ?? interval.start(usual - 1, before: last)
    var points: [Point] = []
    while start <= last, points.count <= ForgottenOptions.limit {
      let next = interval.next(after: start)
      let close = Instant(microseconds: next.midnight.microseconds - 1)
      points.append(Point(start: start, at: min(close, end)))
      start = next
    }
    return points
  }

  private var usual: Int {
    switch interval {
    case .day: 30
    case .week: 26
    case .month: 12
    }
  }
}

/// The answer of `/v1/forgotten`.
struct Forgotten: Equatable, Sendable {
  struct Count: Equatable, Sendable {
    var open: Int64 = 0
    var forgotten: Int64 = 0

    /// Nil where no deal is open.
    var rate: Double? { open == 0 ? nil : Double(forgotten) / Double(open) }

    static func + (left: Count, right: Count) -> Count {
      Count(open: left.open + right.open, forgotten: left.forgotten + right.forgotten)
    }

    static func - (left: Count, right: Count) -> Count {
      Count(open: left.open - right.open, forgotten: left.forgotten - right.forgotten)
    }
  }

  struct Row: Equatable, Sendable {
    var point: ForgottenOptions.Point
    var count: Count
  }

  var options: ForgottenOptions
  var rows: [Row]

  /// Why there is no rate at the end.
  var lack: Lack? { rows.last?.count.rate == nil ? .noData : nil }

  static func == (left: Forgotten, right: Forgotten) -> Bool { left.rows == right.rows }
}
