import Contracts
import Hummingbird
import ServiceKit

extension FigureRoutes {
  @Sendable func forgotten(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: ForgottenOptions.init) {
      question, options, _, transaction in
      guard options.points(question, now: now).count <= ForgottenOptions.limit else {
        throw Problem.tooManyIntervals(options.interval)
      }
      return try ForgottenQueries.forgotten(question, options, now: now, in: transaction)
    }
  }
}

extension ForgottenOptions {
  /// Reads the parameters of `/v1/forgotten`.
  init(_ reader: inout QueryReader) {
    interval = reader.choice("interval") ?? .week
    target =
      reader.value(
        "target",
        expected: LocalizedText(zh: " 0 到 1 之间的数，例如 0.05", en: "a number from 0 to 1 such as 0.05")
      ) { Double($0).flatMap { (0...1).contains($0) ? $0 : nil } } ?? 0.05
  }
}

extension Problem {
  fileprivate static func tooManyIntervals(_ interval: CalendarInterval) -> Problem {
    let limit = ForgottenOptions.limit
    return .invalidRequest(
      [
        ProblemError(
          code: "invalid-parameter", field: "from",
          message: LocalizedText(
            zh: "参数 from 到 to 最多 \(limit) 个 \(interval.rawValue)；请缩短期间或选用更长的 interval",
            en:
              "parameter from must lie \(limit) intervals (\(interval.rawValue)) before to at most; "
              + "shorten the period or take a longer interval"))
      ], detail: "the period has too many intervals")
  }
}

extension Forgotten: Figure {
  var about: LocalizedText {
    let percent = "\((options.target * 1_000).rounded() / 10)"
    return LocalizedText(
      zh: "遗忘率：各期末已过跟进期限而未跟进的进行中商机，除以全部进行中商机；目标不超过 \(percent)%",
      en:
        "The forgotten rate: open deals past their follow-up deadline divided by open deals, at the "
        + "end of each interval; the target is \(percent)% at most")
  }

  private enum CodingKeys: CodingKey { case interval, target, points, latest, reason }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(options.interval.rawValue, forKey: .interval)
    try container.encode(options.target, forKey: .target)
    let points = rows.map { PointBody($0, target: options.target) }
    try container.encode(points, forKey: .points)
    try container.encode(points.last, forKey: .latest)
    try container.encode(lack.map(Reason.init), forKey: .reason)
  }

  var table: CSVTable {
    CSVTable(
      header: ["start", "at", "open", "forgotten", "rate", "target", "isOnTarget"],
      rows: rows.map { row in
        let body = PointBody(row, target: options.target)
        return [
          row.point.start.description, row.point.at.description, "\(row.count.open)",
          "\(row.count.forgotten)", body.rate.cell, "\(options.target)", body.isOnTarget.cell,
        ]
      })
  }

  private struct PointBody: Encodable {
    var start: CalendarDay
    var at: Instant
    var open: Int64
    var forgotten: Int64
    @Nullable var rate: Double?
    @Nullable var isOnTarget: Bool?

    init(_ row: Row, target: Double) {
      start = row.point.start
      at = row.point.at
      open = row.count.open
      forgotten = row.count.forgotten
      rate = row.count.rate
      isOnTarget = row.count.rate.map { $0 <= target }
    }
  }
}
