import Contracts
import Foundation
import ServiceKit
import Yams

/// YAML turned into JSON: null, true, false and decimal numbers are what they are in JSON; everything
/// else is a text, also `no`, `1e3`, `007` and dates.
enum DefinitionYAML {
  static let maximumDepth = 100

  static func isYAML(_ contentType: String) -> Bool {
    let type = contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    return ["application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml"].contains(type)
      || (type.hasPrefix("application/") && type.hasSuffix("+yaml"))
  }

  /// Throws a 400 ``Problem`` that says where it is no YAML, or none that JSON can hold.
  static func json(_ bytes: [UInt8]) throws -> JSONValue {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw Problem.invalidYAML("the bytes are not UTF-8")
    }
    if let name = alias(in: bytes) {
      throw Problem.invalidYAML("*\(name) repeats &\(name): write it out, aliases are not read")
    }
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw Problem.invalidYAML(describe(error))
    }
    guard let root else { throw Problem.invalidYAML("the body is empty") }
    return try json(root, depth: 0)
  }

  /// The name of an anchor that an alias repeats. With aliases a few lines stand for a tree that
  /// fills the memory, and already comparing it with another takes for ever.
  private static func alias(in bytes: [UInt8]) -> String? {
    let aliases = names(after: UInt8(ascii: "*"), in: bytes)
    return aliases.isEmpty
      ? nil : aliases.intersection(names(after: UInt8(ascii: "&"), in: bytes)).min()
  }

  private static let nameBytes = Set(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-".utf8)

  private static func names(after sign: UInt8, in bytes: [UInt8]) -> Set<String> {
    Set(
      bytes.indices.filter { bytes[$0] == sign }.map { index in
        String(decoding: bytes[(index + 1)...].prefix(while: nameBytes.contains), as: UTF8.self)
      }.filter { !$0.isEmpty })
  }

  private static func json(_ node: Node, depth: Int) throws -> JSONValue {
    guard depth <= maximumDepth else {
      throw Problem.invalidYAML("\(place(of: node))nested deeper than \(maximumDepth) levels")
    }
    switch node {
    case .scalar(let scalar): return value(of: scalar, node)
    case .sequence(let sequence):
      return .array(try sequence.map { try json($0, depth: depth + 1) })
    case .mapping(let mapping):
      var members: [String: JSONValue] = [:]
      for (key, value) in mapping {
        guard let name = key.scalar?.string else {
          throw Problem.invalidYAML("\(place(of: key))a key is no text")
        }
        members[name] = try json(value, depth: depth + 1)
      }
      return .object(members)
    case .alias: throw Problem.invalidYAML("\(place(of: node))an alias means nothing")
    }
  }

  private static let numberBytes = Set("0123456789+-.eE".utf8)

  private static func value(of scalar: Node.Scalar, _ node: Node) -> JSONValue {
    let text = scalar.string
    // What is quoted is a text, whatever it looks like.
    guard scalar.style == .any || scalar.style == .plain else { return .string(text) }
    switch text {
    case "", "~", "null", "Null", "NULL": return .null
    case "true", "True", "TRUE": return .boolean(true)
    case "false", "False", "FALSE": return .boolean(false)
    default: break
    }
    return number(text) ?? .string(text)
  }

  private static func number(_ text: String) -> JSONValue? {
    let digits = text.first == "-" || text.first == "+" ? text.dropFirst() : text[...]
    let isWhole = digits.utf8.allSatisfy { (48...57).contains($0) }
    guard !digits.isEmpty, text.utf8.allSatisfy(numberBytes.contains),
      isWhole ? digits == "0" || !digits.hasPrefix("0") : digits.contains(".")
    else { return nil }
    if isWhole, let number = Int64(text) { return .integer(number) }
    return Double(text).flatMap { $0.isFinite ? .number($0) : nil }
  }

  private static func describe(_ error: any Error) -> String {
    switch error {
    case YamlError.scanner(_, let problem, let mark, _),
      YamlError.parser(_, let problem, let mark, _),
      YamlError.composer(_, let problem, let mark, _):
      "line \(mark.line), column \(mark.column): \(problem)"
    case YamlError.duplicatedKeysInMapping(_, let context):
      "line \(context.mark.line), column \(context.mark.column): a key stands there twice"
    default: "it cannot be parsed"
    }
  }

  private static func place(of node: Node) -> String {
    node.mark.map { "line \($0.line), column \($0.column): " } ?? ""
  }
}
