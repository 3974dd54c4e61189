import Contracts
import Hummingbird
import ServiceKit
import ServiceWiring

/// The form of an answer.
enum AnswerFormat: String, CaseIterable, Sendable {
  case json, csv
}

/// What a figure is asked for: the parameters that all have, the form, and those of its own.
struct FigureRequest<Own: Sendable>: Sendable {
  var question: FunnelQuestion
  var format: AnswerFormat
  var own: Own

  /// Reads the query parameters; 400 with all that is wrong with them. `format` wins over `Accept`.
  ///
  /// - Parameter scope: the deals that the reader may see.
  init(
    _ request: Request, in scope: DealScope?, pipelines: () async throws -> [String],
    own: (inout QueryReader) -> Own
  ) async throws {
    var reader = QueryReader(request)
    question = try await FunnelQuestion(
      request, in: scope, &reader, pipelines: pipelines)
    let isCSVAccepted = request.headers[values: .accept].contains { $0.contains("text/csv") }
    format = reader.choice("format") ?? (isCSVAccepted ? .csv : .json)
    self.own = own(&reader)
    try reader.finish()
  }
}
