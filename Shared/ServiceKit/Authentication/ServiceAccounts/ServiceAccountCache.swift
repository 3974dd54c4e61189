package import Contracts
import Synchronization

/// Service accounts by id, looked up at most once in a short while, so that a revocation is heeded
/// that soon.
package final class ServiceAccountCache: Sendable {
  /// Nil for an account that is not known. Throws while nobody can tell, which is not kept.
  package typealias Lookup = @Sendable (EntityID) async throws -> ServiceAccount?

  private struct State {
    var known: Shelf<ServiceAccount>
    /// Apart from the known ones, so that callers who guess do not push those out.
    var unknown: Shelf<Void>
    var running: [EntityID: Task<ServiceAccount?, any Error>] = [:]
  }

  private enum Answer {
    case kept(ServiceAccount?)
    case pending(Task<ServiceAccount?, any Error>)
  }

  private let state: Mutex<State>
  private let now: @Sendable () -> ContinuousClock.Instant
  private let lookup: Lookup

  /// - Parameters:
  ///   - knownFor: for how long an account is believed to be as it was.
  ///   - unknownFor: for how long an id is believed to belong to no account.
  ///   - capacity: most accounts that are kept, and most unknown ids.
  package init(
    knownFor: Duration = .seconds(2), unknownFor: Duration = .seconds(1), capacity: Int = 10_000,
    now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
    lookup: @escaping Lookup
  ) {
    self.state = Mutex(
      State(
        known: Shelf(lifetime: knownFor, capacity: capacity),
        unknown: Shelf(lifetime: unknownFor, capacity: capacity)))
    self.now = now
    self.lookup = lookup
  }

  /// Callers who ask for the same account at the same time share one look-up.
  func account(_ id: EntityID) async throws -> ServiceAccount? {
    let start = now()
    let answer = state.withLock { state -> Answer in
      if let account = state.known.value(of: id, at: start) { return .kept(account) }
      if state.unknown.value(of: id, at: start) != nil { return .kept(nil) }
      if let running = state.running[id] { return .pending(running) }
      let task = Task { try await self.lookUp(id, start) }
      state.running[id] = task
      return .pending(task)
    }
    return switch answer {
    case .kept(let account): account
    case .pending(let task): try await task.value
    }
  }

  /// How many accounts and how many unknown ids are kept.
  var counts: (known: Int, unknown: Int) {
    state.withLock { ($0.known.count, $0.unknown.count) }
  }

  private func lookUp(
    _ id: EntityID, _ start: ContinuousClock.Instant
  ) async throws -> ServiceAccount? {
    do {
      let account = try await lookup(id)
      state.withLock { state in
        state.running[id] = nil
        if let account {
          state.known.put(account, of: id, asOf: start)
        } else {
          state.unknown.put((), of: id, asOf: start)
        }
      }
      return account
    } catch {
      state.withLock { $0.running[id] = nil }
      throw error
    }
  }
}

/// Values that are good for a while.
private struct Shelf<Value> {
  private let lifetime: Duration
  private let capacity: Int
  /// With the moment at which the look-up began: what was changed since then may be missing.
  private var entries: [EntityID: (value: Value, asOf: ContinuousClock.Instant)] = [:]
  private var sweptAt: ContinuousClock.Instant?

  init(lifetime: Duration, capacity: Int) {
    self.lifetime = lifetime
    self.capacity = capacity
  }

  var count: Int { entries.count }

  func value(of id: EntityID, at now: ContinuousClock.Instant) -> Value? {
    guard let entry = entries[id], now - entry.asOf < lifetime else { return nil }
    return entry.value
  }

  /// While as many are in use as fit, further ones are not kept.
  mutating func put(_ value: Value, of id: EntityID, asOf: ContinuousClock.Instant) {
    // All that there was at one sweep has expired a lifetime later; sooner would seldom help.
    if entries.count >= capacity, sweptAt.map({ asOf - $0 >= lifetime }) ?? true {
      entries = entries.filter { asOf - $0.value.asOf < lifetime }
      sweptAt = asOf
    }
    if entries.count < capacity || entries[id] != nil { entries[id] = (value, asOf) }
  }
}
