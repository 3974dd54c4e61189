import Yams

/// Reads the members of YAML mappings and collects what is wrong with them.
struct YAMLFields {
  private(set) var problems: [MappingError.Problem] = []

  mutating func refuse(_ node: Node?, _ message: String) {
    problems.append(.init(line: node?.mark?.line, message: message))
  }

  /// The members by key. Keys other than `known` are refused, as is anything but a mapping.
  mutating func members(_ node: Node, of path: String, known: [String]) -> [String: Node] {
    guard let mapping = node.mapping else {
      refuse(node, "\(path) must be a mapping with the keys \(known.joined(separator: ", "))")
      return [:]
    }
    var members: [String: Node] = [:]
    for (key, value) in mapping {
      let name = key.scalar?.string ?? ""
      if known.contains(name) {
        members[name] = value
      } else {
        refuse(
          key,
          "\(path == "the mapping" ? "" : "\(path): ")unknown key \"\(name)\"; known are "
            + known.joined(separator: ", "))
      }
    }
    return members
  }

  /// A text; nil, and refused, when it is absent, empty or no text.
  mutating func required(
    _ members: [String: Node], _ key: String, of path: String, in parent: Node, expected: String
  ) -> String? {
    guard members[key] != nil else {
      refuse(parent, "\(path) has no key \"\(key)\" (\(expected))")
      return nil
    }
    return optional(members, key, of: path, expected: expected)
  }

  mutating func optional(
    _ members: [String: Node], _ key: String, of path: String, expected: String
  ) -> String? {
    guard let node = members[key] else { return nil }
    guard let text = node.scalar?.string, !text.isEmpty else {
      refuse(node, "\(path): \(key) must be \(expected)")
      return nil
    }
    return text
  }

  /// A text that `parse` turns into something; refused with `expected` when it returns nil.
  mutating func value<Value>(
    _ members: [String: Node], _ key: String, of path: String, expected: String,
    _ parse: (String) -> Value?
  ) -> Value? {
    guard let text = optional(members, key, of: path, expected: expected) else { return nil }
    if let value = parse(text) { return value }
    refuse(members[key], "\(path): \(key) is \"\(text)\"; it must be \(expected)")
    return nil
  }

  /// One text or a list of them.
  mutating func texts(_ members: [String: Node], _ key: String, of path: String) -> [String] {
    guard let node = members[key] else { return [] }
    if let text = node.scalar?.string, !text.isEmpty { return [text] }
    let items = node.sequence.map { Array($0) } ?? []
    let texts = items.compactMap { $0.scalar?.string }.filter { !$0.isEmpty }
    if texts.isEmpty || texts.count != items.count {
      refuse(node, "\(path): \(key) must be the name of a column or a list of such names")
    }
    return texts
  }
}
