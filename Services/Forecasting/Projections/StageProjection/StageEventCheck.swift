import Contracts

/// What a stage event must fulfil beyond its form, so that the tables can take every event that
/// passes. A batch is one transaction: a row that PostgreSQL refuses would stop the partition.
enum StageEventCheck {
  /// UTF-8 bytes of the key of a pipeline or stage. Both stand in an index, whose rows have 2,704
  /// bytes at most.
  static let keyBytes = 512

  /// - Parameter value: the message's value, as it came.
  static func check(_ event: StageEvent, value: [UInt8]?) throws(MessageFailure) {
    try NullCharacter.refuse(in: value)
    let data = event.data
    try require(data.epoch >= 0, "epoch", "must not be negative")
    try require(data.sequence >= 1, "sequence", "must be 1 or more")
    try require(
      (event.type == .created) == (data.sequence == 1), "sequence",
      "must be 1 for \(StageEventType.created.rawValue) and for no other type")
    try require(
      (0...Int(Int32.max)).contains(data.pipelineVersion), "pipelineVersion", "is out of range")
    try key(data.pipeline, "pipeline")
    switch event.type {
    case .created:
      try stage(data.to, data.toCategory, data.toPosition, "to")
    case .moved:
      try stage(data.from, data.fromCategory, data.fromPosition, "from")
      try stage(data.to, data.toCategory, data.toPosition, "to")
    case .changed:
      break
    }
  }

  private static func stage(
    _ name: String?, _ category: StageCategory?, _ position: Int?, _ member: String
  ) throws(MessageFailure) {
    try require(name != nil && name != "", member, "is missing")
    try key(name, member)
    try require(category != nil, member + "Category", "is missing")
    try require(position != nil, member + "Position", "is missing")
    try require(
      (0...Int(Int32.max)).contains(position ?? 0), member + "Position", "is out of range")
  }

  private static func key(_ text: String?, _ member: String) throws(MessageFailure) {
    guard let text, text.utf8.count > keyBytes else { return }
    throw MessageFailure(
      .unprocessable, "/\(member) has \(text.utf8.count) bytes; \(keyBytes) are allowed")
  }

  private static func require(
    _ condition: Bool, _ member: String, _ expectation: @autoclosure () -> String
  ) throws(MessageFailure) {
    guard condition else { throw MessageFailure(.invalidData, "/\(member) \(expectation())") }
  }
}

/// U+0000 is legal in JSON but not in any text of PostgreSQL.
enum NullCharacter {
  static func refuse(in value: [UInt8]?) throws(MessageFailure) {
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
