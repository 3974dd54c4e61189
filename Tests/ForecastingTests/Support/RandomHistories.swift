import Contracts

extension History {
  /// A deal to which anything happens, with reversals, activities and changes of hands.
  ///
  /// - Parameters:
  ///   - restores: whether the database may lose events and issue their sequences once more.
  ///   - disordered: whether an event may have happened before the one that was recorded before it.
  static func random(
    _ number: Int, restores: Bool = false, disordered: Bool = false, _ random: inout SplitMix
  ) -> History {
    let stages = Ladder.definition.stages.map(\.key)
    var history = History(
      number, at: History.start.adding(days: Double.random(in: 0...30, using: &random)))
    history.create(
      in: stages.randomElement(using: &random)!,
      entryUnknown: Int.random(in: 0..<4, using: &random) == 0)
    for _ in 0..<Int.random(in: 0...14, using: &random) {
      if disordered, Int.random(in: 0..<4, using: &random) == 0 {
        history.at = history.at.adding(days: -Double.random(in: 0...4, using: &random))
      }
      let days =
        Double.random(in: 0...3, using: &random) * Double(Int.random(in: 0...1, using: &random))
      history.followUpDueAt =
        Int.random(in: 0..<3, using: &random) == 0
        ? nil : history.at.adding(days: Double.random(in: -2...6, using: &random))
      switch Int.random(in: 0..<10, using: &random) {
      case 0:
        let owner = ["ann", "bob", nil].randomElement(using: &random)!
        let team = ["north", "south", nil].randomElement(using: &random)!
        let amount = [nil, Money(minor: 700, currency: "EUR")].randomElement(using: &random)!
        history.change(afterDays: days) {
          $0.owner = owner
          $0.team = team
          $0.amount = amount
        }
      case 1, 2, 3:
        if history.stays.count > 1 { history.revert(afterDays: days) }
      case 4:
        history.note(afterDays: days)
      case 8:
        history.hold(!history.isHeld, afterDays: days)
      case 5 where restores:
        history.restore(
          losing: Int.random(in: 0..<min(5, history.events.count), using: &random))
      case 6:
        history.owner = ["ann", "bob", nil].randomElement(using: &random)!
        fallthrough
      default:
        history.move(to: stages.randomElement(using: &random)!, afterDays: days)
      }
    }
    guard Int.random(in: 0..<5, using: &random) == 0 else { return history }
    history.merge()
    if restores, Bool.random(using: &random) {
      history.restore(losing: 1)
      history.note()
    }
    return history
  }
}

enum Delivery {
  /// The events of many deals as a topic may deliver them: interleaved, some twice, some of a deal
  /// in another order within an epoch, cut into batches.
  static func random(_ histories: [History], _ random: inout SplitMix) -> [[StageEvent]] {
    var queues = histories.map { disturbed($0.log, &random) }.filter { !$0.isEmpty }
    var batches: [[StageEvent]] = []
    while !queues.isEmpty {
      var batch: [StageEvent] = []
      for _ in 0..<Int.random(in: 1...25, using: &random) where !queues.isEmpty {
        let index = Int.random(in: 0..<queues.count, using: &random)
        batch.append(queues[index].removeFirst())
        if queues[index].isEmpty { queues.remove(at: index) }
      }
      batches.append(batch)
    }
    return batches
  }

  private static func disturbed(
    _ events: [StageEvent], _ random: inout SplitMix
  ) -> [StageEvent] {
    var events = events
    for index in events.indices.dropFirst() {
      let epoch = events[index].epoch
      // A higher epoch may begin with any sequence, so that its first event must come first.
      let isMovable =
        events[index - 1].epoch == epoch
        && (epoch == 1 || index > 1 && events[index - 2].epoch == epoch)
      if isMovable, Int.random(in: 0..<5, using: &random) == 0 {
        events.swapAt(index, index - 1)
      }
    }
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      let again = Int.random(in: 0..<events.count, using: &random)
      events.insert(
        events[again], at: Int.random(in: (again + 1)...events.count, using: &random))
    }
    return events
  }
}
