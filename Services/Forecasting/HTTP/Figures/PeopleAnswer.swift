import Contracts
import Hummingbird
import ServiceKit

extension FigureRoutes {
  @Sendable func people(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    let now = now()
    return try await answer(request, context, own: PeopleOptions.init) {
      question, options, _, transaction in
      let period = question.period(now: now)
      return People(
        try PeopleQueries.figures(question, period, now: now, in: transaction), period: period,
        order: options.order)
    }
  }
}

/// How `/v1/people` is asked.
struct PeopleOptions: Sendable {
  var order: People.Order

  /// Reads the parameters of `/v1/people`.
  init(_ reader: inout QueryReader) { order = reader.choice("order") ?? .name }
}
