import Contracts
import Messaging
package import Postgres
import Synchronization

/// The directory as this process last read it. Whether it has changed is asked after a moment, and
/// only then it is read again; a change made here is there at once.
package final class DirectoryCache: Sendable {
  private struct Known {
    var directory: Directory
    var revision: Int64
    var askedAt: ContinuousClock.Instant
  }

  private let pool: PostgresPool
  private let goodFor: Duration
  private let known = Mutex<Known?>(nil)

  /// - Parameter goodFor: for how long changes made elsewhere may go unnoticed.
  package init(pool: PostgresPool, goodFor: Duration = .seconds(1)) {
    self.pool = pool
    self.goodFor = goodFor
  }

  package func current() async throws -> Directory {
    if let fresh { return fresh }
    let revision = try DirectoryCache.revision(
      try await pool.query(DirectoryCache.selectRevision))
    if let same = at(revision) { return same }
    return remember(try DirectoryCache.read(try await pool.query(DirectoryCache.select)), revision)
  }

  /// The same inside the transaction of a batch.
  package func current(in transaction: borrowing PostgresTransaction) throws -> Directory {
    if let fresh { return fresh }
    return try read(DirectoryCache.selectRevision, in: transaction).directory
  }

  /// The directory and its revision, which nobody changes until the transaction ends.
  package func locked(
    in transaction: borrowing PostgresTransaction
  ) throws -> (directory: Directory, revision: Int64) {
    try read(DirectoryCache.selectRevision + " FOR UPDATE", in: transaction)
  }

  /// Notes a change that is committed; `revision` is the one that it made.
  package func apply(revision: Int64, _ change: (inout Directory) -> Void) {
    known.withLock { known in
      if known?.revision == revision - 1 {
        known?.revision = revision
        change(&known!.directory)
      } else {
        known = nil
      }
    }
  }

  private func read(
    _ statement: String, in transaction: borrowing PostgresTransaction
  ) throws -> (directory: Directory, revision: Int64) {
    let revision = try DirectoryCache.revision(try transaction.query(statement))
    if let same = at(revision) { return (same, revision) }
    let rows = try transaction.query(DirectoryCache.select)
    return (remember(try DirectoryCache.read(rows), revision), revision)
  }

  private var fresh: Directory? {
    known.withLock { known in
      guard let known, ContinuousClock.now - known.askedAt < goodFor else { return nil }
      return known.directory
    }
  }

  private func at(_ revision: Int64) -> Directory? {
    known.withLock { known in
      guard known?.revision == revision else { return nil }
      known?.askedAt = .now
      return known?.directory
    }
  }

  /// What was read may be newer than the revision, never older: the next question then reads again.
  private func remember(_ directory: Directory, _ revision: Int64) -> Directory {
    known.withLock { $0 = Known(directory: directory, revision: revision, askedAt: .now) }
    return directory
  }

  private static let selectRevision = "SELECT revision FROM directory_revision"
  private static let select = """
    SELECT kind, entry FROM directory_entries WHERE kind IN ('person', 'team', 'calendar')
    """

  private static func revision(_ rows: PostgresRows) throws -> Int64 {
    try rows.first?.decode(0, as: Int64.self) ?? 0
  }

  private static func read(_ rows: PostgresRows) throws -> Directory {
    var directory = Directory()
    for row in rows {
      let bytes = try row.decode(1, as: PostgresJSON.self).bytes
      switch try row.decode(0, as: String.self) {
      case PersonEntry.kind: directory.set(try JSONCoding.decode(PersonEntry.self, from: bytes))
      case TeamEntry.kind: directory.set(try JSONCoding.decode(TeamEntry.self, from: bytes))
      default: directory.set(try JSONCoding.decode(CalendarEntry.self, from: bytes))
      }
    }
    return directory
  }
}
