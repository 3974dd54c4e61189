import Contracts
import Foundation
import Yams

/// The document beside the routes, and whether values are what it says.
struct OpenAPIDocument: Sendable {
  let root: JSONValue

  init() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Services/ActivityIngest/HTTP/openapi.yaml")
    root = try YAMLDecoder().decode(JSONValue.self, from: String(contentsOf: file, encoding: .utf8))
  }

  /// Path, method and what stands there.
  var operations: [(path: String, method: String, operation: JSONValue)] {
    let methods: Set<String> = ["get", "post", "put", "patch", "delete"]
    return root["paths"].members.flatMap { path, item in
      item.members.filter { methods.contains($0.key) }.map { (path, $0.key, $0.value) }
    }.sorted { ($0.path, $0.method) < ($1.path, $1.method) }
  }

  func resolve(_ value: JSONValue) -> JSONValue {
    guard let reference = value["$ref"].text else { return value }
    return reference.split(separator: "/").dropFirst().reduce(root) { $0[String($1)] }
  }

  /// The schema of an answer; nil where the operation does not speak of that status.
  func schema(_ method: String, _ path: String, status: Int) -> JSONValue? {
    let answer = resolve(root["paths"][path][method]["responses"]["\(status)"])
    return answer["content"].members.first?.value["schema"]
  }

  /// Where a value is not what the schema says; members that it does not speak of count.
  func complaints(_ value: JSONValue, _ schema: JSONValue, at place: String = "") -> [String] {
    let schema = resolve(schema)
    if !schema["allOf"].items.isEmpty {
      let merged = schema["allOf"].items.map(resolve).reduce(into: [String: JSONValue]()) {
        for (key, member) in $1.members {
          if key == "properties" {
            let both = ($0[key]?.members ?? [:]).merging(member.members) { $1 }
            $0[key] = .object(both)
          } else if key == "required" {
            $0[key] = .array(($0[key]?.items ?? []) + member.items)
          } else {
            $0[key] = member
          }
        }
      }
      return complaints(value, .object(merged), at: place)
    }
    let types = schema["type"].text.map { [$0] } ?? schema["type"].items.compactMap(\.text)
    if !types.isEmpty, !types.contains(where: { value.isOf(type: $0) }) {
      return ["\(place) is not of type \(types)"]
    }
    if !schema["enum"].items.isEmpty, !schema["enum"].items.contains(value) {
      return ["\(place) is none of \(schema["enum"].items)"]
    }
    switch value {
    case .object(let members):
      let properties = schema["properties"].members
      let missing = schema["required"].items.compactMap(\.text).filter { members[$0] == nil }
      let isOpen = schema["additionalProperties"] == true
      return missing.map { "\(place)/\($0) is missing" }
        + members.flatMap { key, member -> [String] in
          if let property = properties[key] {
            return complaints(member, property, at: "\(place)/\(key)")
          }
          return isOpen ? [] : ["\(place)/\(key) is not described"]
        }
    case .array(let items):
      return items.enumerated().flatMap {
        complaints($0.element, schema["items"], at: "\(place)/\($0.offset)")
      }
    default: return []
    }
  }

  /// The examples of a media type's object.
  func examples(_ media: JSONValue) -> [JSONValue] {
    (media["example"] == .null ? [] : [media["example"]])
      + media["examples"].members.values.map { resolve($0)["value"] }
  }
}

extension JSONValue {
  var members: [String: JSONValue] {
    if case .object(let members) = self { members } else { [:] }
  }

  fileprivate func isOf(type: String) -> Bool {
    switch (self, type) {
    case (.null, "null"), (.boolean, "boolean"), (.integer, "integer"), (.integer, "number"),
      (.number, "number"), (.string, "string"), (.array, "array"), (.object, "object"):
      true
    default: false
    }
  }
}
