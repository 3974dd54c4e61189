import Contracts
import Foundation
import HTTPTypes
package import Hummingbird
import NIOCore

/// Decodes JSON bodies; whatever is wrong with one becomes a ``Problem`` that says what and where.
package struct RequestBodyDecoder: RequestDecoder {
  package func decode<Body: Decodable>(
    _ type: Body.Type, from request: Request, context: some RequestContext
  ) async throws -> Body {
    if let type = request.headers[.contentType], !Self.isJSON(type) {
      throw Problem.unsupportedMediaType(type)
    }
    let buffer = try await request.body.collect(upTo: context.maxUploadSize)
    return try Self.decode(type, from: Array(buffer.readableBytesView))
  }

  /// Decodes bytes with the same problems as a body.
  package static func decode<Value: Decodable>(
    _ type: Value.Type, from bytes: [UInt8]
  ) throws -> Value {
    if bytes.isEmpty { throw Problem.invalidJSON("the body is empty") }
    if let offset = firstInvalidUTF8(bytes) {
      throw Problem.invalidJSON("the bytes from offset \(offset) on are not UTF-8")
    }
    do {
      return try JSONCoding.decoder.decode(type, from: Data(bytes))
    } catch let error as DecodingError {
      throw Problem(decoding: error, body: bytes) { body in
        _ = try JSONCoding.decoder.decode(type, from: body)
      }
    }
  }

  static func isJSON(_ contentType: String) -> Bool {
    let type = contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    return type == "application/json" || (type.hasPrefix("application/") && type.hasSuffix("+json"))
  }
}

/// Offset of the first byte that is not part of well-formed UTF-8.
func firstInvalidUTF8(_ bytes: [UInt8]) -> Int? {
  if bytes.allSatisfy({ $0 < 0x80 }) { return nil }
  var decoder = Unicode.UTF8.ForwardParser()
  var iterator = bytes.makeIterator()
  var offset = 0
  while true {
    switch decoder.parseScalar(from: &iterator) {
    case .valid(let scalar): offset += scalar.count
    case .error: return offset
    case .emptyInput: return nil
    }
  }
}

/// Encodes what handlers return.
package struct ResponseBodyEncoder: ResponseEncoder {
  package func encode(
    _ value: some Encodable, from request: Request, context: some RequestContext
  ) throws -> Response {
    try json(value)
  }
}
