import Contracts

/// What a definition changes in another one, stage by stage; stages are the same where their keys are.
struct DefinitionDiff: Codable, Hashable, Sendable {
  struct StagePlace: Codable, Hashable, Sendable {
    var stage: String
    var name: LocalizedText
    /// Counted from 0.
    var position: Int
  }

  struct StageMove: Codable, Hashable, Sendable {
    var stage: String
    var from: Int
    var to: Int
  }

  struct MemberChange: Codable, Hashable, Sendable {
    /// Nil for a member of the definition itself.
    var stage: String?
    var member: String
    /// `.null` where it was not there.
    var old: JSONValue
    /// `.null` where it is not there any more.
    var new: JSONValue
  }

  var added: [StagePlace]
  var removed: [StagePlace]
  /// The fewest stages that had to change places among those that stay.
  var moved: [StageMove]
  var changed: [MemberChange]

  /// - Parameter old: nil where there was none: everything is added.
  init(from old: PipelineDefinition?, to new: PipelineDefinition) {
    let before = DefinitionDiff.places(old)
    let after = DefinitionDiff.places(new)
    let oldKeys = Set(before.map(\.stage))
    let newKeys = Set(after.map(\.stage))
    added = after.filter { !oldKeys.contains($0.stage) }
    removed = before.filter { !newKeys.contains($0.stage) }
    moved = DefinitionDiff.moves(
      from: before.filter { newKeys.contains($0.stage) },
      to: after.filter { oldKeys.contains($0.stage) })
    changed = DefinitionDiff.changes(from: old, to: new)
  }

  private static func places(_ definition: PipelineDefinition?) -> [StagePlace] {
    var seen: Set<String> = []
    return (definition?.stages ?? []).enumerated().filter { seen.insert($1.key).inserted }
      .map { StagePlace(stage: $1.key, name: $1.name, position: $0) }
  }

  /// What is not on a longest rising run of old places, read in the new order.
  private static func moves(from old: [StagePlace], to new: [StagePlace]) -> [StageMove] {
    let positions = Dictionary(uniqueKeysWithValues: old.map { ($0.stage, $0.position) })
    let order = new.map { positions[$0.stage] ?? 0 }
    var runs: [[Int]] = []
    for index in order.indices {
      let best = runs.indices.filter { order[$0] < order[index] }.map { runs[$0] }
        .max { $0.count < $1.count }
      runs.append((best ?? []) + [index])
    }
    let kept = Set(runs.max { $0.count < $1.count } ?? [])
    return order.indices.filter { !kept.contains($0) }.map {
      StageMove(stage: new[$0].stage, from: order[$0], to: new[$0].position)
    }
  }

  private static func changes(
    from old: PipelineDefinition?, to new: PipelineDefinition
  ) -> [MemberChange] {
    var changes = members(old, except: ["stages"], members(new, except: ["stages"]), of: nil)
    for stage in new.stages {
      guard let former = old?.stage(stage.key) else { continue }
      changes += members(former, except: ["key"], members(stage, except: ["key"]), of: stage.key)
    }
    return changes
  }

  private static func members(
    _ old: (some Encodable)?, except left: Set<String>, _ new: [String: JSONValue],
    of stage: String?
  ) -> [MemberChange] {
    let old = members(old, except: left)
    return Set(old.keys).union(new.keys).sorted().compactMap { member in
      let (before, after) = (old[member] ?? .null, new[member] ?? .null)
      if before == after { return nil }
      return MemberChange(stage: stage, member: member, old: before, new: after)
    }
  }

  private static func members(
    _ value: (some Encodable)?, except left: Set<String>
  ) -> [String: JSONValue] {
    guard let value, let bytes = try? JSONCoding.encode(value),
      case .object(let members)? = try? JSONCoding.decode(JSONValue.self, from: bytes)
    else { return [:] }
    return members.filter { !left.contains($0.key) }
  }
}
