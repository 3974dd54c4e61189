import Contracts
import Synchronization

/// What the services have said yes to. Shared by all workers of a load.
final class Ledger: Sendable {
  /// One accepted request. Its tag stands in the history, in the event that it became.
  struct Entry: Hashable, Sendable {
    var opportunity: EntityID
    var sequence: Int64
    /// Where the answer names the event.
    var eventID: EntityID?
    var tag: String
  }

  private struct State {
    var accepted: [Entry] = []
    var deals: [EntityID] = []
    var refused = 0
    var repeated = 0
  }
  private let state = Mutex(State())

  func accept(_ entry: Entry) {
    state.withLock {
      $0.accepted.append(entry)
      if entry.sequence == 1 { $0.deals.append(entry.opportunity) }
    }
  }

  func refuse() { state.withLock { $0.refused += 1 } }

  /// A request got no answer and is sent again.
  func `repeat`() { state.withLock { $0.repeated += 1 } }

  var accepted: [Entry] { state.withLock { $0.accepted } }
  var acceptedCount: Int { state.withLock { $0.accepted.count } }
  var refusedCount: Int { state.withLock { $0.refused } }
  var repeatedCount: Int { state.withLock { $0.repeated } }
  /// In the order in which they were created.
  var deals: [EntityID] { state.withLock { $0.deals } }
}
