import Dispatch
import Logging
import Postgres
import Synchronization
import TestSupport

let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Does something asynchronous in the middle of a transaction's body. The body's thread is its
/// connection's own, so that blocking it keeps nobody else waiting.
func blocking(_ work: @Sendable @escaping () async throws -> Void) throws {
  let done = DispatchSemaphore(value: 0)
  let outcome = Mutex<Result<Void, any Error>>(.success(()))
  Task {
    do { try await work() } catch { outcome.withLock { $0 = .failure(error) } }
    done.signal()
  }
  done.wait()
  try outcome.withLock { $0 }.get()
}

/// Ends another connection's backend and waits until it is gone.
func terminate(_ backend: Int, _ pool: PostgresPool) async throws {
  _ = try await pool.query("SELECT pg_terminate_backend($1::int8::int4)", backend)
  try await eventually("backend \(backend) is gone") {
    try await pool.query("SELECT FROM pg_stat_activity WHERE pid = $1", backend).isEmpty
  }
}

/// The backend that serves one statement of the pool.
func backend(of pool: PostgresPool) async throws -> Int {
  try await pool.query("SELECT pg_backend_pid()")[0].decode(0)
}

/// A door that tests open; a transaction's body can wait before it.
final class Gate: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)
  func open() { semaphore.signal() }
  func wait() { semaphore.wait() }
}

extension PostgresPool {
  /// Takes a connection and keeps it until the gate opens; returns when it has it.
  func occupy(_ gate: Gate) async throws -> Task<Void, any Error> {
    let occupied = AsyncStream<Void>.makeStream()
    let task = Task {
      try await transaction { _ in
        occupied.continuation.finish()
        gate.wait()
      }
    }
    for await _ in occupied.stream {}
    return task
  }
}

/// What tasks did, in order.
final class Record<Entry: Sendable>: Sendable {
  private let storage = Mutex<[Entry]>([])
  var entries: [Entry] { storage.withLock { $0 } }
  func append(_ entry: Entry) { storage.withLock { $0.append(entry) } }
}
