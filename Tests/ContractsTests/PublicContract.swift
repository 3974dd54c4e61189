import Contracts
import Foundation
import Yams

/// `asyncapi.yaml`, read.
struct PublicContract {
  let document: JSONValue

  init() throws {
    document = PublicContract.json(
      try Yams.load(yaml: try Repository.text("Shared/Contracts/asyncapi.yaml")))
  }

  /// By type.
  var messages: [String: JSONValue] { members(["components", "messages"]) }

  /// By address without the prefix.
  var channels: [String: JSONValue] {
    Dictionary(
      uniqueKeysWithValues: members(["channels"]).values.map { channel in
        guard case .string(let address) = channel["address"] else { return ("", channel) }
        return (address.replacing("{prefix}", with: ""), channel)
      })
  }

  func members(_ path: [String]) -> [String: JSONValue] {
    if case .object(let members) = document[path] { members } else { [:] }
  }

  /// What a schema says of an object, with all that it refers to.
  struct Shape {
    var required: Set<String> = []
    var properties: [String: JSONValue] = [:]
    var items: JSONValue?
    /// One of several members stands for all, so that none is required by its name.
    var isChoice = false
  }

  func shape(_ schema: JSONValue) -> Shape {
    var shape = Shape()
    guard case .object(let members) = schema else { return shape }
    if case .string(let reference) = members["$ref"] {
      let path = reference.split(separator: "/").dropFirst().map(String.init)
      shape = self.shape(document[path] ?? .null)
    }
    for key in ["allOf", "oneOf"] {
      guard case .array(let parts) = members[key] else { continue }
      for part in parts.map(self.shape) {
        shape.required.formUnion(part.required)
        shape.properties.merge(part.properties) { $1 }
        shape.items = part.items ?? shape.items
      }
    }
    if case .array(let names) = members["required"] {
      for case .string(let name) in names { shape.required.insert(name) }
    }
    if case .object(let properties) = members["properties"] {
      shape.properties.merge(properties) { $1 }
    }
    shape.items = members["items"] ?? shape.items
    if members["maxProperties"] != nil { shape.isChoice = true }
    return shape
  }

  private static func json(_ value: Any?) -> JSONValue {
    switch value {
    case let value as Bool: .boolean(value)
    case let value as Int: .integer(Int64(value))
    case let value as Double: .number(value)
    case let value as String: .string(value)
    case let items as [Any]: .array(items.map(json))
    case let members as [AnyHashable: Any]:
      .object(
        Dictionary(uniqueKeysWithValues: members.map { ("\($0.key.base)", json($0.value)) }))
    default: .null
    }
  }
}
