/// Who has which connection and who waits, and nothing else: every method returns what is to be done,
/// and the pool does it. Time is passed in.
struct PoolStateMachine {
  typealias Slot = Int
  typealias WaiterID = UInt64
  typealias Instant = ContinuousClock.Instant

  private struct Waiter {
    let id: WaiterID
    let deadline: Instant
  }

  let size: Int
  /// Slots from here on have never been used.
  private var firstUnused = 0
  /// The one used last is used next, so that a pool under little load keeps few connections open.
  private var idle: [Slot] = []
  private(set) var busy = 0
  /// In order of arrival, and hence of deadline, since all wait equally long.
  private var waiters: [Waiter] = []
  private(set) var isClosed = false

  init(size: Int) {
    precondition(size > 0, "a pool needs at least one connection")
    self.size = size
  }

  var statistics: (idle: Int, busy: Int, waiting: Int) { (idle.count, busy, waiters.count) }
}

extension PoolStateMachine {
  enum Acquisition: Equatable {
    case use(Slot)
    /// The waiter stands in the queue.
    case wait
    case closed
  }

  mutating func acquire(_ id: WaiterID, deadline: Instant) -> Acquisition {
    if isClosed { return .closed }
    if let slot = idle.popLast() {
      busy += 1
      return .use(slot)
    }
    if firstUnused < size {
      firstUnused += 1
      busy += 1
      return .use(firstUnused - 1)
    }
    waiters.append(Waiter(id: id, deadline: deadline))
    return .wait
  }

  enum Release: Equatable {
    case keep
    case handOver(to: WaiterID)
    /// The pool is closed and this was the last connection in use.
    case drained
  }

  mutating func release(_ slot: Slot) -> Release {
    if !waiters.isEmpty { return .handOver(to: waiters.removeFirst().id) }
    busy -= 1
    idle.append(slot)
    return isClosed && busy == 0 ? .drained : .keep
  }

  /// True if the waiter was still waiting and is now to be told.
  mutating func cancel(_ id: WaiterID) -> Bool {
    guard let index = waiters.firstIndex(where: { $0.id == id }) else { return false }
    waiters.remove(at: index)
    return true
  }

  /// Who has waited too long by `now`, and when to look again; nil when nobody waits.
  mutating func expire(now: Instant) -> (expired: [WaiterID], next: Instant?) {
    let expired = waiters.prefix { $0.deadline <= now }.map(\.id)
    waiters.removeFirst(expired.count)
    return (expired, waiters.first?.deadline)
  }

  /// The waiters to refuse, and whether no connection is in use.
  mutating func close() -> (refused: [WaiterID], isDrained: Bool) {
    isClosed = true
    defer { waiters = [] }
    return (waiters.map(\.id), busy == 0)
  }
}
