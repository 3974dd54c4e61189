import Contracts
import TestSupport

/// What must be true after a load, whatever happened meanwhile: each accepted request is in the
/// history exactly once, and nothing else is.
extension Load {
  func checkHistories() async throws {
    let accepted = try await ledger.accepted + acceptedCommands()
    try check(!accepted.isEmpty, "nothing was accepted")
    let feed = try await cluster.feed()
    try checkEqual(feed.count, accepted.count, "events in the feed")
    try checkEqual(Set(feed.map(\.eventId)).count, feed.count, "different events in the feed")
    let deals = Dictionary(grouping: accepted, by: \.opportunity)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, (deal, entries)) in deals.enumerated() {
        if index >= 4 { try await group.next() }
        group.addTask {
          try check(entries, of: deal, against: await self.cluster.history(of: deal))
        }
      }
      try await group.waitForAll()
    }
  }

  /// The commands over Kafka that were carried out, with the sequence that their results name.
  private func acceptedCommands() async throws -> [Ledger.Entry] {
    let results = try await commandResults()
    let outcomes = results.values.map(\.outcome)
    try check(
      outcomes.contains(.accepted) && outcomes.contains(.refused),
      "the commands over Kafka did not have both outcomes")
    return try sender.commands.compactMap { command in
      guard let result = results[command.id], result.outcome == .accepted else { return nil }
      guard let sequence = result.sequence else {
        throw CheckFailure("the result of command \(command.id) has no sequence")
      }
      return Ledger.Entry(
        opportunity: command.opportunityId, sequence: sequence, eventID: nil,
        tag: "command-\(command.id)")
    }
  }
}

private func check(
  _ entries: [Ledger.Entry], of deal: EntityID, against history: [HistoryItem]
) throws {
  try checkEqual(
    history.map(\.sequence), Array(1...Int64(max(1, entries.count))), "sequences of deal \(deal)")
  for entry in entries {
    let found = history.filter { $0.tag == entry.tag }
    try checkEqual(found.map(\.sequence), [entry.sequence], "places of \(entry.tag) in \(deal)")
    if let eventID = entry.eventID {
      try checkEqual(found.map(\.eventId), [eventID], "event of \(entry.tag) in \(deal)")
    }
  }
}
