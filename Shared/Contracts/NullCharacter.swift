/// U+0000 is legal in JSON but not in any text of PostgreSQL.
package enum NullCharacter {
  /// - Parameter value: JSON, as a message or a request brought it.
  package static func refuse(in value: [UInt8]?) throws(MessageFailure) {
    guard let value, mayContain(value) else { return }
    guard let json = try? JSONCoding.decode(JSONValue.self, from: value), json.containsNull
    else { return }
    throw MessageFailure(.unprocessable, "a text holds U+0000, which cannot be stored")
  }

  /// In valid JSON it can only stand as the escape `\u0000`; a cheap look before the thorough one.
  private static func mayContain(_ value: [UInt8]) -> Bool {
    value.withUnsafeBufferPointer { bytes in
      guard bytes.count >= 6 else { return false }
      var index = 0
      let last = bytes.count - 6
      while index <= last {
        if bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u"),
          bytes[index + 2...index + 5].allSatisfy({ $0 == UInt8(ascii: "0") })
        {
          return true
        }
        index += 1
      }
      return false
    }
  }
}

extension JSONValue {
  fileprivate var containsNull: Bool {
    switch self {
    case .string(let text): text.utf8.contains(0)
    case .array(let items): items.contains { $0.containsNull }
    case .object(let members):
      members.contains { $0.key.utf8.contains(0) || $0.value.containsNull }
    case .null, .boolean, .integer, .number: false
    }
  }
}
