import Contracts
import Foundation
import Testing

/// The golden examples: each message type's data as other programs write and read it.
enum Golden {
  static let folder = "Tests/Fixtures/contracts"
  static let types =
    StageEventType.allCases.map(\.rawValue) + StageCommandType.allCases.map(\.rawValue)
    + NoticeType.allCases.map(\.rawValue)
    + [CommandResult.type, PublishedPipeline.type, ObservedActivity.type] + DirectoryEntry.types

  static func example(_ type: String) throws -> JSONValue {
    try decode(JSONValue.self, try Repository.text("\(folder)/\(type).json"))
  }

  /// Data of a type as it is written again by whoever has read it.
  static func rewritten(_ type: String, _ data: JSONValue) throws -> JSONValue {
    let written =
      if StageEventType(rawValue: type) != nil {
        try again(StageEvent.self, type, data)
      } else if StageCommandType(rawValue: type) != nil {
        try again(StageCommand.self, type, data)
      } else if type == CommandResult.type {
        try again(CommandResult.self, type, data)
      } else if NoticeType(rawValue: type) != nil {
        try again(Notice.self, type, data)
      } else if type == ObservedActivity.type {
        try again(ObservedActivity.self, type, data)
      } else if DirectoryEntry.types.contains(type) {
        try again(DirectoryEntry.self, type, data)
      } else {
        try again(PublishedPipeline.self, type, data)
      }
    return try JSONCoding.decode(JSONValue.self, from: written)
  }

  private static func again<Payload: TopicPayload>(
    _: Payload.Type, _ type: String, _ data: JSONValue
  ) throws -> [UInt8] {
    // A command's identity is its event's, too.
    var id = "01936f3e-7c00-7000-8000-0000000000ee"
    if case .string(let command) = data["commandId"] { id = command }
    let wire = CloudEvent(id: id, source: "golden", type: type)
      .binary(key: "k", data: try JSONCoding.encode(data))
    guard case .payload(let payload, _) = try Payload.read(wire) else {
      Issue.record("\(type) was not read")
      return []
    }
    #expect(payload.messageType == type)
    return try payload.messageData()
  }
}

extension JSONValue {
  /// A member of an object or an item of an array, by its index; nil where there is none.
  subscript(_ step: String) -> JSONValue? {
    switch self {
    case .object(let members): members[step]
    case .array(let items): Int(step).flatMap { items.indices.contains($0) ? items[$0] : nil }
    default: nil
    }
  }

  subscript(_ path: [String]) -> JSONValue? {
    path.reduce(self as JSONValue?) { $0?[$1] }
  }

  /// The same without the member at the end of the path.
  func removing(_ path: ArraySlice<String>) -> JSONValue {
    guard let step = path.first else { return self }
    switch self {
    case .object(var members):
      members[step] = path.count == 1 ? nil : members[step]?.removing(path.dropFirst())
      return .object(members)
    case .array(var items):
      if let index = Int(step) { items[index] = items[index].removing(path.dropFirst()) }
      return .array(items)
    default: return self
    }
  }
}
