import Contracts
import Foundation
package import HTTPTypes
package import Hummingbird

/// A JSON answer.
package func json(
  _ value: some Encodable, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
) throws -> Response {
  let body = try JSONCoding.encoder.encode(value)
  var headers = headers
  headers[.contentType] = "application/json"
  headers[.contentLength] = String(body.count)
  return Response(
    status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: body)))
}

/// One page of a list: `{"items":[…],"next":cursor or null}`.
package struct Page<Item: Encodable & Sendable>: Encodable, Sendable {
  package let items: [Item]
  /// Cursor of the next page; nil on the last one, and then written as null.
  package let next: String?

  package init(items: [Item], next: String?) {
    self.items = items
    self.next = next
  }

  private enum CodingKeys: CodingKey { case items, next }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(items, forKey: .items)
    try container.encode(next, forKey: .next)
  }
}

extension Page: ResponseGenerator {
  package func response(from request: Request, context: some RequestContext) throws -> Response {
    try json(self)
  }
}
