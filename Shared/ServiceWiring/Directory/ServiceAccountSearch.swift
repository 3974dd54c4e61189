package import Contracts
import Foundation
package import Postgres
package import ServiceKit
import Synchronization

/// Looks service accounts up in the service's own table.
///
/// A new account comes over `directory.v1` a moment after its token was shown. Its first requests
/// wait for it here, so that nobody has to wait before using a token.
package final class ServiceAccountSearch: Sendable {
  private let pool: PostgresPool
  private let patience: Duration
  private let waitersLimit: Int
  private let waiters = Atomic(0)

  /// - Parameters:
  ///   - patience: for how long an account that was made just now is waited for.
  ///   - waitersLimit: most look-ups that wait at the same time; ids can be invented.
  package init(_ pool: PostgresPool, patience: Duration = .seconds(2), waitersLimit: Int = 20) {
    self.pool = pool
    self.patience = patience
    self.waitersLimit = waitersLimit
  }

  /// Nil where the account is not known here. Throws what ``ServiceAccountTable/find(_:in:)`` does.
  package func find(_ id: EntityID) async throws -> ServiceAccount? {
    if let account = try await ServiceAccountTable.find(id, in: pool) { return account }
    let isFirst = waiters.add(1, ordering: .relaxed).newValue <= waitersLimit
    defer { waiters.subtract(1, ordering: .relaxed) }
    guard isFirst, Self.isNew(id) else { return nil }
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(100))
      if let account = try await ServiceAccountTable.find(id, in: pool) { return account }
    }
    return nil
  }

  /// Ids carry the time at which they were made; clocks may differ a little.
  private static func isNew(_ id: EntityID) -> Bool {
    let bytes = id.uuid.uuid
    let made = [bytes.0, bytes.1, bytes.2, bytes.3, bytes.4, bytes.5]
      .reduce(Int64(0)) { $0 << 8 | Int64($1) }
    return abs(Instant.now().milliseconds - made) < 10_000
  }
}
