import Contracts

/// Which moves between the stages of a definition are allowed, criteria aside. Reopening a closed deal
/// is left out: it leads anywhere, and is no way that deals are meant to go.
struct StageGraph {
  /// The stages that deals can stand in, each key once.
  private let stages: [(position: Int, stage: Stage)]
  /// For each of them where a deal may go to, as indices into `stages`.
  private let moves: [[Int]]
  private let entry: Int?

  init(_ definition: PipelineDefinition) {
    var seen: Set<String> = []
    let stages = definition.stages.enumerated().filter { seen.insert($0.element.key).inserted }
      .map { (position: $0.offset, stage: $0.element) }
    self.stages = stages
    moves = stages.map { from in
      let next = from.stage.next.map(Set.init)
      return stages.indices.filter { index in
        let to = stages[index]
        guard to.position != from.position, next?.contains(to.stage.key) ?? true else {
          return false
        }
        return MoveDirection.of(
          from: from.stage.category, at: from.position, to: to.stage.category, at: to.position)
          != .reopen
      }
    }
    let first = definition.entryStage?.key
    entry = stages.firstIndex { $0.stage.key == first }
  }

  /// Keys of the stages that a new deal can come to, the first one included.
  var reachable: Set<String> {
    guard let entry else { return [] }
    var found: Set = [entry]
    var waiting = [entry]
    while let index = waiting.popLast() {
      for next in moves[index] where found.insert(next).inserted { waiting.append(next) }
    }
    return Set(found.map { stages[$0].stage.key })
  }

  /// Keys of the open stages from which a deal can never be won or lost.
  var withoutEnd: Set<String> {
    var ending = Set(
      stages.indices.filter { [.won, .lost].contains(stages[$0].stage.category) })
    var grows = true
    while grows {
      let more = stages.indices.filter { index in
        !ending.contains(index) && moves[index].contains { ending.contains($0) }
      }
      ending.formUnion(more)
      grows = !more.isEmpty
    }
    return Set(
      stages.indices.filter { !ending.contains($0) && stages[$0].stage.category == .open }
        .map { stages[$0].stage.key })
  }

  /// Keys of the open stages behind the first that lead back to no open stage before them.
  var withoutWayBack: Set<String> {
    let open = stages.indices.filter { stages[$0].stage.category == .open }
    return Set(
      open.dropFirst().filter { index in
        !moves[index].contains { $0 < index && stages[$0].stage.category == .open }
      }.map { stages[$0].stage.key })
  }
}
