package import Foundation

/// JSON as every message and every answer has it: sorted keys, slashes as they are.
package enum JSONCoding {
  /// One for all threads: both classes may be used from any once they are set up.
  package static let encoder: JSONEncoder = {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }()

  package static let decoder = JSONDecoder()

  package static func encode(_ value: some Encodable) throws -> [UInt8] {
    Array(try encoder.encode(value))
  }

  package static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8]) throws -> T {
    try decoder.decode(type, from: Data(bytes))
  }

  /// What is wrong and where, in one English sentence, without echoing the value.
  package static func explain(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return String(describing: error) }
    func at(_ path: [any CodingKey], _ last: (any CodingKey)? = nil) -> String {
      let keys = path + (last.map { [$0] } ?? [])
      return keys.isEmpty
        ? "/" : keys.map { "/" + ($0.intValue.map(String.init) ?? $0.stringValue) }.joined()
    }
    return switch error {
    case .keyNotFound(let key, let context): "\(at(context.codingPath, key)) is missing"
    case .valueNotFound(_, let context): "\(at(context.codingPath)) must not be null"
    case .typeMismatch(let type, let context):
      "\(at(context.codingPath)) has the wrong type; expected \(name(of: type))"
    case .dataCorrupted(let context):
      // Foundation says of a fraction where a whole number belongs only that it is not valid.
      context.codingPath.isEmpty
        ? "not valid JSON in UTF-8, or a number that its member cannot hold"
        : "\(at(context.codingPath)): \(context.debugDescription)"
    @unknown default: String(describing: error)
    }
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a string"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is [Any].Type: "an array"
    default: "an object"
    }
  }
}
