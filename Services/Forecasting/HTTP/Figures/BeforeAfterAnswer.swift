import Contracts
import Hummingbird
import ServiceKit

/// How `/v1/before-after` is asked: of a moment or of a pipeline version.
struct BeforeAfterOptions: Sendable {
  var at: Instant?
  var version: Int?
  var windowDays: Int

  /// Reads the parameters of `/v1/before-after`.
  init(_ reader: inout QueryReader) {
    at =
      reader.value(
        "at",
        expected: LocalizedText(
          zh: "时间或日期，例如 2026-03-01T09:30:00Z 或 2026-03-01",
          en: "an instant or a date such as 2026-03-01T09:30:00Z or 2026-03-01")
      ) { Instant($0.replacing(" ", with: "+")) ?? CalendarDay($0)?.midnight }
    version = reader.int("version", in: 1...Int(Int32.max))
    windowDays = reader.int("windowDays", in: 1...3_650, default: 90)
    if at != nil, version != nil {
      reader.refuse("version", zh: "不能与 at 同时使用", en: "does not go with at")
    } else if at == nil, version == nil {
      reader.refuse(
        "at", zh: "必填：时间或日期；也可以用 version 指定流程版本",
        en: "is required: an instant or a date; or name a pipeline version with version")
    }
    for name in ["from", "to"] where reader.string(name) != nil {
      reader.refuse(name, zh: "不适用：期间由 windowDays 决定", en: "does not apply: windowDays says it")
    }
  }
}

extension FigureRoutes {
  @Sendable func beforeAfter(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: BeforeAfterOptions.init) {
      question, options, _, transaction in
      var moment = options.at
      if let version = options.version {
        moment = try BeforeAfterQueries.publication(
          of: version, of: question.pipeline, in: transaction)
      }
      guard let at = moment else { throw Problem.unknownVersion(options.version ?? 0) }
      let windows = BeforeAfterWindows(
        at: at, days: Double(options.windowDays), upTo: question.asOf ?? now)
      return try BeforeAfterQueries.compare(
        question, windows, version: options.version, in: transaction)
    }
  }
}

extension Problem {
  fileprivate static func unknownVersion(_ version: Int) -> Problem {
    .invalidRequest(
      [
        ProblemError(
          code: "unknown-version", field: "version",
          message: LocalizedText(
            zh: "该流程没有版本 \(version)，或其发布时间未知；请改用 at",
            en: "the pipeline has no version \(version), or it is not known when it was published; "
              + "name the moment with at"))
      ], detail: "the pipeline has no such version")
  }
}
