import Contracts
import HTTPTypes

// The problems that every service can answer with.
extension Problem {
  package static func notFound(_ detail: String) -> Problem {
    Problem(.notFound, code: "not-found", title: "There is no such resource", detail: detail)
  }

  package static func methodNotAllowed(_ allowed: [String]) -> Problem {
    let list = allowed.sorted().joined(separator: ", ")
    return Problem(
      .methodNotAllowed, code: "method-not-allowed", title: "The resource has no such method",
      detail: "use one of: \(list)", headers: [.allow: list])
  }

  /// The request itself is wrong; `errors` says all that is.
  package static func invalidRequest(_ errors: [ProblemError], detail: String? = nil) -> Problem {
    Problem(
      .badRequest, code: "invalid-request", title: "The request is not valid", detail: detail,
      errors: errors)
  }

  package static func invalidJSON(_ detail: String) -> Problem {
    Problem(
      .badRequest, code: "invalid-json", title: "The body is not valid JSON", detail: detail)
  }

  package static func unsupportedMediaType(_ found: String) -> Problem {
    Problem(
      .unsupportedMediaType, code: "unsupported-media-type",
      title: "The body is of an unsupported type",
      detail: "Content-Type is \(found): send application/json")
  }

  package static func contentTooLarge(limit: Int) -> Problem {
    Problem(
      .contentTooLarge, code: "content-too-large", title: "The body is too large",
      detail: "the limit is \(limit) bytes")
  }

  package static func conflict(code: String, title: String, detail: String? = nil) -> Problem {
    Problem(.conflict, code: code, title: title, detail: detail)
  }

  /// A stale `If-Match`; `current` becomes the `ETag` header.
  package static func preconditionFailed(current: String, detail: String? = nil) -> Problem {
    Problem(
      .preconditionFailed, code: "precondition-failed",
      title: "The resource has changed since it was read",
      detail: detail ?? "read it again; its ETag is now \(current)", headers: [.eTag: current])
  }

  package static func unavailable(_ detail: String, retryAfter seconds: Int = 1) -> Problem {
    Problem(
      .serviceUnavailable, code: "unavailable", title: "The service cannot answer now",
      detail: detail, headers: [.retryAfter: String(seconds)])
  }

  package static func tooManyRequests(retryAfter seconds: Int) -> Problem {
    Problem(
      .tooManyRequests, code: "too-many-requests", title: "Too many requests",
      detail: "try again in \(seconds) s", headers: [.retryAfter: String(seconds)])
  }

  static func timedOut(after limit: Duration) -> Problem {
    Problem(
      .serviceUnavailable, code: "timeout", title: "The request took too long",
      detail: "no answer within \(limit); whether it had an effect is not known",
      headers: [.retryAfter: "1"])
  }

  /// Anything unforeseen: the log holds the rest, under the trace id of the answer.
  static var internalError: Problem {
    Problem(
      .internalServerError, code: "internal-error", title: "An unexpected error occurred",
      detail: "the log of the service says more, under the traceId of this answer")
  }

  static func unauthorized(_ failure: AuthenticationFailure) -> Problem {
    var challenge = "Bearer realm=\"sluice\""
    if let reason = failure.reason {
      challenge += ", error=\"invalid_token\", error_description=\"\(reason)\""
    }
    return Problem(
      .unauthorized, code: failure.reason == nil ? "token-required" : "invalid-token",
      title: "The request is not authenticated",
      detail: failure.reason ?? "send Authorization: Bearer <token>",
      headers: [.wwwAuthenticate: challenge])
  }

  static func forbidden(allowed roles: [Role]) -> Problem {
    let names = roles.map(\.rawValue).joined(separator: ", ")
    return Problem(
      .forbidden, code: "forbidden", title: "The caller may not do this",
      detail: "needs one of the roles: \(names)",
      errors: [
        ProblemError(
          code: "role-required",
          message: LocalizedText(zh: "需要以下角色之一：\(names)", en: "needs one of the roles: \(names)")
        )
      ])
  }
}
