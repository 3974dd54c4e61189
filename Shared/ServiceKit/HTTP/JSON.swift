package import Foundation
package import HTTPTypes
package import Hummingbird

/// The JSON of the HTTP interfaces: sorted keys, plain slashes, instants as RFC 3339 in UTC.
package enum JSONCoding {
  /// One for all requests: both classes may be used from any thread once they are set up.
  package static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.dateEncodingStrategy = .custom { date, encoder in
      var container = encoder.singleValueContainer()
      let microseconds = Int64((date.timeIntervalSince1970 * 1e6).rounded())
      try container.encode(RFC3339.string(microseconds: microseconds))
    }
    return encoder
  }()

  package static let decoder: JSONDecoder = {
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .custom { decoder in
      let container = try decoder.singleValueContainer()
      guard let microseconds = RFC3339.microseconds(try container.decode(String.self)) else {
        throw DecodingError.dataCorruptedError(
          in: container, debugDescription: "expected an instant such as 2026-03-01T09:30:00Z")
      }
      return Date(timeIntervalSince1970: Double(microseconds) / 1e6)
    }
    return decoder
  }()
}

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
