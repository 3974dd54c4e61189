import Contracts
import HTTPTypes
import ServiceKit
import ServiceWiring

extension Problem {
  /// A refusal as HTTP says it. `deal` is the state that the decision was made on.
  init(_ refusal: Refusal, on deal: Opportunity?) {
    switch refusal {
    case .notFound:
      self = .noSuchOpportunity
    case .alreadyExists:
      self = .conflict(code: "already-exists", title: "The opportunity exists already")
    case .stale(let current):
      self = .stale(sequence: current, deal)
    case .invalid(let failures):
      self = Problem(
        .unprocessableContent, code: "invalid-command",
        title: "What the request asks for cannot be done",
        errors: failures.map(ProblemError.init))
    case .gate(let failures):
      self = Problem(
        .unprocessableContent, code: "gate-refused", title: "The gate refuses the move",
        detail: "\(failures.count) missing or not allowed; errors lists them all",
        errors: failures.map(ProblemError.init))
    case .forbidden(let failures):
      self = .forbidden(failures)
    }
  }

  /// 412: the caller's If-Match names another sequence than the current one.
  static func stale(sequence: Int64, _ deal: Opportunity?) -> Problem {
    var problem = Problem.preconditionFailed(current: "\"\(sequence)\"")
    if let deal { problem.extensions["current"] = OpportunityView(deal) }
    return problem
  }

  /// 409: others changed the deal at the same moment, again and again.
  static func contended(_ deal: Opportunity?) -> Problem {
    var problem = Problem.conflict(
      code: "concurrent-change", title: "Others changed the opportunity at the same time",
      detail: "read it again and repeat the request")
    if let deal { problem.extensions["current"] = OpportunityView(deal) }
    return problem
  }

  static var externalIDTaken: Problem {
    .conflict(
      code: "external-id-taken", title: "The external id belongs to another opportunity",
      detail: "change that opportunity, or leave externalId out")
  }

  static var idempotencyKeyReused: Problem {
    Problem(
      .unprocessableContent, code: "idempotency-key-reused",
      title: "The Idempotency-Key was used for another request",
      detail: "a key belongs to one request; use a new one")
  }
}
