import Contracts

/// Two events of the same identity side by side: the members of their JSON that differ.
enum EventComparison {
  static func difference(
    log: StageEvent, feed: FeedItem, at record: String
  ) throws -> Difference {
    let live = try members(log.type, log.data)
    let expected = try members(feed.type, feed.data)
    let keys = Set(live.keys).union(expected.keys).sorted().filter { live[$0] != expected[$0] }
    func text(_ members: [String: JSONValue]) throws -> String {
      try keys.map { key in
        let value = String(decoding: try JSONCoding.encode(members[key] ?? .null), as: UTF8.self)
        return "\(key) \(value)"
      }.joined(separator: ", ")
    }
    return Difference(
      check: .log, kind: .different, place: "\(record), event \(log.id)", live: try text(live),
      recomputed: try text(expected))
  }

  private static func members(
    _ type: StageEventType, _ data: StageEventData
  ) throws -> [String: JSONValue] {
    var members = try JSONCoding.decode(
      [String: JSONValue].self, from: try JSONCoding.encode(data))
    members["type"] = .string(type.rawValue)
    return members
  }
}
