package import Contracts
package import HTTPTypes
package import Hummingbird
import ServiceContextModule

/// One of the reasons of a ``Problem``.
package struct ProblemError: Codable, Sendable, Hashable {
  /// Machine-readable, such as `required`.
  package var code: String
  /// JSON pointer (RFC 6901) into the body of the request.
  package var pointer: String?
  /// Name of the field or query parameter.
  package var field: String?
  /// Key of the criterion that was not met.
  package var criterion: String?
  package var message: LocalizedText
  /// Who can supply what is missing.
  package var supplier: String?

  package init(
    code: String, pointer: String? = nil, field: String? = nil, criterion: String? = nil,
    message: LocalizedText, supplier: String? = nil
  ) {
    self.code = code
    self.pointer = pointer
    self.field = field
    self.criterion = criterion
    self.message = message
    self.supplier = supplier
  }
}

/// An answer other than success, rendered as problem details (RFC 9457):
/// `{"type":"/problems/<code>","title","status","code","detail"?,"errors":[…],"traceId"?,…}`.
package struct Problem: HTTPResponseError, Sendable {
  package var status: HTTPResponse.Status
  /// Machine-readable, in kebab-case, the same for all problems of this kind.
  package var code: String
  /// One line, the same for all problems of this kind.
  package var title: String
  /// About this occurrence: what is wrong and what would be right.
  package var detail: String?
  /// All reasons at once.
  package var errors: [ProblemError]
  /// `Retry-After`, `ETag`, `WWW-Authenticate` and the like.
  package var headers: HTTPFields
  /// Further members of the body, such as the current state of a resource.
  package var extensions: [String: any Encodable & Sendable]

  package init(
    _ status: HTTPResponse.Status, code: String, title: String, detail: String? = nil,
    errors: [ProblemError] = [], headers: HTTPFields = [:],
    extensions: [String: any Encodable & Sendable] = [:]
  ) {
    self.status = status
    self.code = code
    self.title = title
    self.detail = detail
    self.errors = errors
    self.headers = headers
    self.extensions = extensions
  }

  package static let contentType = "application/problem+json"

  /// The body of the answer.
  package func encoded() throws -> [UInt8] {
    try JSONCoding.encode(
      ProblemBody(problem: self, traceID: ServiceContext.current?.trace?.traceID))
  }

  package func response(from request: Request, context: some RequestContext) throws -> Response {
    let body = try encoded()
    var headers = headers
    headers[.contentType] = Self.contentType
    headers[.contentLength] = String(body.count)
    return Response(
      status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
  }
}

/// The members of a problem; extensions never replace a standard one.
private struct ProblemBody: Encodable {
  let problem: Problem
  let traceID: String?

  private struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init?(stringValue: String) { self.init(stringValue) }
    init?(intValue: Int) { nil }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    for (name, value) in problem.extensions {
      try container.encode(value, forKey: Key(name))
    }
    try container.encode("/problems/\(problem.code)", forKey: Key("type"))
    try container.encode(problem.title, forKey: Key("title"))
    try container.encode(problem.status.code, forKey: Key("status"))
    try container.encode(problem.code, forKey: Key("code"))
    try container.encodeIfPresent(problem.detail, forKey: Key("detail"))
    try container.encode(problem.errors, forKey: Key("errors"))
    try container.encodeIfPresent(traceID, forKey: Key("traceId"))
  }
}
