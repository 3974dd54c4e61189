import Contracts
import Kafka
import Synchronization
import TestSupport

/// Work for a cluster, deterministic by its seed as far as the answers allow: people over HTTP, and
/// commands over Kafka.
final class Load: Sendable {
  let ledger = Ledger()
  let sender: CommandSender
  let cluster: Cluster
  private let isStopped = Mutex(false)
  private let work = Mutex<Task<Void, any Error>?>(nil)
  /// Why the work ended early.
  private let failure = Mutex<(any Error)?>(nil)

  init(_ cluster: Cluster, seed: UInt64) {
    self.cluster = cluster
    sender = CommandSender(cluster, ledger, seed: seed)
  }

  /// Runs a load around `body`, and returns it when all its requests have their answers.
  static func run(
    on cluster: Cluster, seed: UInt64, workers: Int = 4, _ body: (Load) async throws -> Void
  ) async throws -> Load {
    let load = Load(cluster, seed: seed)
    load.start(workers: workers, seed: seed)
    do {
      try await body(load)
    } catch {
      try? await load.stop()
      throw error
    }
    try await load.stop()
    return load
  }

  /// Returns when that many more requests have been accepted.
  func waitForAccepted(_ more: Int, within limit: Duration = .seconds(60)) async throws {
    let goal = ledger.acceptedCount + more
    try await eventually(within: limit, "\(goal) requests are accepted") {
      try checkWork()
      return ledger.acceptedCount >= goal
    }
  }

  private func checkWork() throws {
    if let error = failure.withLock({ $0 }) { throw error }
  }

  private func start(workers: Int, seed: UInt64) {
    let isStopped: @Sendable () -> Bool = { self.isStopped.withLock { $0 } }
    let task = Task {
      do {
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<workers {
            group.addTask {
              var worker = HTTPWorker(self.cluster, self.ledger, number: number, seed: seed)
              while !isStopped() { try await worker.workOnDeal(until: isStopped) }
            }
          }
          group.addTask { try await self.sender.run(until: isStopped) }
          try await group.waitForAll()
        }
      } catch {
        self.failure.withLock { $0 = error }
        throw error
      }
    }
    work.withLock { $0 = task }
  }

  private func stop() async throws {
    isStopped.withLock { $0 = true }
    try await work.withLock { $0 }?.value
  }
}
