import Contracts
import Hummingbird
import ServiceKit

extension FigureRoutes {
  @Sendable func velocity(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: VelocityOptions.init) {
      question, options, stages, transaction in
      if options.targetMinor != nil, question.currency == nil { throw Problem.targetNeedsCurrency }
      let period = question.period(now: now)
      return Velocity(
        try VelocityQueries.sums(question, period, stages: stages, in: transaction),
        period: period, targetMinor: options.targetMinor)
    }
  }
}

extension FigureRoutes {
  @Sendable func feedback(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: Self.nothing) {
      question, _, stages, transaction in
      try Feedback.read(
        question, question.period(now: now), stages: stages, in: transaction)
    }
  }
}

/// How `/v1/velocity` is asked.
struct VelocityOptions: Sendable {
  /// What is to be won, in minor units of the currency that is asked for.
  var targetMinor: Int64?

  /// Reads the parameters of `/v1/velocity`.
  init(_ reader: inout QueryReader) {
    targetMinor = reader.int("targetMinor", in: 1...Int.max).map(Int64.init)
  }
}

extension Problem {
  fileprivate static let targetNeedsCurrency = Problem.invalidRequest(
    [
      ProblemError(
        code: "invalid-parameter", field: "targetMinor",
        message: LocalizedText(
          zh: "参数 targetMinor 需要同时给出 currency", en: "parameter targetMinor needs currency"))
    ], detail: "a target is an amount in one currency")
}
