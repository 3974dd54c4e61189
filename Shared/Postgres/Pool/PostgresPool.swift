package import Logging
internal import Synchronization

/// A bounded set of connections, opened when they are needed and opened again when they were lost.
/// Who finds none free waits in line.
package final class PostgresPool: Sendable {
  private let configuration: PostgresConfiguration
  private let acquireTimeout: Duration
  private let logger: Logger
  private let connections: [PostgresConnection]
  private let probe: LivenessProbe
  private let state: Mutex<State>

  private struct State {
    var machine: PoolStateMachine
    var nextWaiter: PoolStateMachine.WaiterID = 0
    var waiters: [PoolStateMachine.WaiterID: CheckedContinuation<Lease, Never>] = [:]
    var drainWaiters: [CheckedContinuation<Void, Never>] = []
    var watchesDeadlines = false
  }

  private typealias Lease = Result<PoolStateMachine.Slot, PostgresError>

  /// - Parameters:
  ///   - size: the most connections; one more is opened for `ping`.
  ///   - acquireTimeout: how long a call waits for a free connection.
  package init(
    _ configuration: PostgresConfiguration, size: Int, acquireTimeout: Duration = .seconds(5),
    logger: Logger
  ) {
    self.configuration = configuration
    self.acquireTimeout = acquireTimeout
    self.logger = logger
    self.connections = (0..<size).map { _ in
      PostgresConnection(configuration, reconnects: true, logger: logger)
    }
    self.probe = LivenessProbe(configuration, logger: logger)
    self.state = Mutex(State(machine: PoolStateMachine(size: size)))
  }

  /// Runs BEGIN, `body` on the connection's own thread, and COMMIT. Any throw rolls back.
  ///
  /// Throws what `body` threw, or a `PostgresError`: `commitUnknown` when the connection broke during
  /// COMMIT, `transactionAborted` when the body swallowed a statement's error.
  package func transaction<Result: Sendable>(
    _ mode: TransactionMode = .readWrite,
    _ body: @Sendable (borrowing PostgresTransaction) throws -> Result
  ) async throws -> Result {
    let slot = try await acquire()
    defer { release(slot) }
    return try await connections[slot].transaction(mode, body)
  }

  /// Runs one statement outside a transaction: it commits by itself. When the connection breaks under
  /// it, the error is `connectionLost` for a statement that begins with SELECT (or SHOW, VALUES,
  /// TABLE) and `commitUnknown` for every other.
  package func query(
    _ sql: String, _ parameters: (any PostgresEncodable)?...
  ) async throws(PostgresError) -> PostgresRows {
    try await query(sql, parameters: parameters)
  }

  package func query(
    _ sql: String, parameters: [(any PostgresEncodable)?]
  ) async throws(PostgresError) -> PostgresRows {
    PostgresRows(try await run(sql, parameters))
  }

  /// Like `query`, and returns how many rows were changed.
  @discardableResult
  package func execute(
    _ sql: String, _ parameters: (any PostgresEncodable)?...
  ) async throws(PostgresError) -> Int {
    try await execute(sql, parameters: parameters)
  }

  @discardableResult
  package func execute(
    _ sql: String, parameters: [(any PostgresEncodable)?]
  ) async throws(PostgresError) -> Int {
    try await run(sql, parameters).affectedRows
  }

  private func run(
    _ sql: String, _ parameters: [(any PostgresEncodable)?]
  ) async throws(PostgresError) -> ResultHandle {
    let slot = try await acquire()
    defer { release(slot) }
    return try await connections[slot].run(sql, parameters)
  }

  /// Lends a connection of its own, outside the pool's size, which is closed when `body` returns; for
  /// what belongs to a session, such as advisory locks. It is never replaced: once lost, with its
  /// locks, every call throws `connectionLost`.
  package func withSession<Result: Sendable>(
    _ body: (PostgresSession) async throws -> Result
  ) async throws -> Result {
    guard !state.withLock({ $0.machine.isClosed }) else { throw Self.closed }
    let connection = PostgresConnection(configuration, reconnects: false, logger: logger)
    let result: Result
    do {
      result = try await body(PostgresSession(connection))
    } catch {
      await connection.close()
      throw error
    }
    await connection.close()
    return result
  }

  /// Whether the server answers a query within `timeout`, asked over a connection of its own, so that
  /// a busy pool is no reason to be called dead.
  package func ping(timeout: Duration) async -> Bool {
    guard !state.withLock({ $0.machine.isClosed }) else { return false }
    return await probe.ask(timeout: timeout)
  }

  /// Connections that were used and are free, connections in use, and calls in the queue.
  package var statistics: (idle: Int, busy: Int, waiting: Int) {
    state.withLock { $0.machine.statistics }
  }

  /// Refuses new calls and those in the queue, waits for those under way, and closes all connections.
  package func close() async {
    await withCheckedContinuation { continuation in
      let refused = state.withLock { state in
        let (refused, isDrained) = state.machine.close()
        if isDrained {
          continuation.resume()
        } else {
          state.drainWaiters.append(continuation)
        }
        return refused.compactMap { state.waiters.removeValue(forKey: $0) }
      }
      for waiter in refused { waiter.resume(returning: .failure(Self.closed)) }
    }
    for connection in connections { await connection.close() }
    await probe.close()
  }

  private static let closed = PostgresError(.closed, "the pool has been closed")
}

extension PostgresPool {
  private func acquire() async throws(PostgresError) -> PoolStateMachine.Slot {
    let id = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    let lease = await withTaskCancellationHandler {
      await withCheckedContinuation { enqueue(id, $0) }
    } onCancel: {
      let waiter = state.withLock { state in
        state.machine.cancel(id) ? state.waiters.removeValue(forKey: id) : nil
      }
      waiter?.resume(returning: .failure(Self.cancelled))
    }
    return try lease.get()
  }

  /// A cancelled task still gets a connection that is free (it may have to clean up), but does not
  /// wait for one. Whether it is cancelled is asked under the lock: the cancellation handler then
  /// either finds the waiter in the queue or has already set the mark that is read here.
  private func enqueue(
    _ id: PoolStateMachine.WaiterID, _ continuation: CheckedContinuation<Lease, Never>
  ) {
    let deadline = ContinuousClock.now + acquireTimeout
    state.withLock { state in
      switch state.machine.acquire(id, deadline: deadline) {
      case .use(let slot): continuation.resume(returning: .success(slot))
      case .closed: continuation.resume(returning: .failure(Self.closed))
      case .wait:
        if Task.isCancelled, state.machine.cancel(id) {
          continuation.resume(returning: .failure(Self.cancelled))
          return
        }
        state.waiters[id] = continuation
        guard !state.watchesDeadlines else { return }
        state.watchesDeadlines = true
        Task { await self.watchDeadlines(from: deadline) }
      }
    }
  }

  /// Runs as long as anybody waits: one timer for all, since the first in the queue is due first.
  private func watchDeadlines(from first: ContinuousClock.Instant) async {
    var next: ContinuousClock.Instant? = first
    while let deadline = next {
      // Never cancelled, and were it, the loop would only look too early.
      try? await Task.sleep(until: deadline, clock: .continuous)
      next = state.withLock { state in
        let (expired, next) = state.machine.expire(now: .now)
        for id in expired {
          state.waiters.removeValue(forKey: id)?.resume(returning: .failure(timedOut))
        }
        state.watchesDeadlines = next != nil
        return next
      }
    }
  }

  private func release(_ slot: PoolStateMachine.Slot) {
    state.withLock { state in
      switch state.machine.release(slot) {
      case .keep: break
      case .handOver(let id):
        state.waiters.removeValue(forKey: id)?.resume(returning: .success(slot))
      case .drained:
        for waiter in state.drainWaiters { waiter.resume() }
        state.drainWaiters = []
      }
    }
  }

  private static let cancelled = PostgresError(
    .cancelled, "the task was cancelled while it waited for a connection")

  private var timedOut: PostgresError {
    PostgresError(
      .poolTimeout, "none of \(connections.count) became free within \(acquireTimeout)")
  }
}
