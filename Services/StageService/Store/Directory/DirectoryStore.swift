import Contracts
import Messaging
import Postgres
import ServiceContextModule
import ServiceKit
import ServiceWiring

/// The entries of the directory where they are changed. Each change is announced on `directory.v1` in
/// the transaction that makes it, and changes come one after the other.
struct DirectoryStore: Sendable {
  /// What became of a change.
  enum Outcome<Entry: DirectoryRecord>: Sendable {
    case created(Entry)
    case changed(Entry)
    /// It says what stands there already.
    case unchanged(Entry)
    /// The sender saw another version; `current` is nil where there is no entry.
    case stale(current: Entry?)
    case refused([GateFailure])
    /// A person who owns so many open deals cannot leave.
    case ownsDeals(Int)
    case notFound
  }

  let pool: PostgresPool
  let cache: DirectoryCache
  let recorder: Recorder

  /// Puts an entry in the place of the one of its id; its version is given here.
  ///
  /// - Parameter expected: the version that the sender saw; 0 where there was none.
  func put<Entry: DirectoryRecord>(
    _ entry: Entry, expected: Int64?, keeping: @escaping Keeping<Outcome<Entry>> = { _ in nil }
  ) async throws -> Outcome<Entry> {
    try await change(
      entry.id, expected: expected, by: entry.changedBy, entry.changedAt, keeping
    ) { _ in entry }
  }

  /// Notes that a person has left.
  func deactivate(
    _ id: String, expected: Int64?, at now: Instant, by actor: String,
    keeping: @escaping Keeping<Outcome<PersonEntry>> = { _ in nil }
  ) async throws -> Outcome<PersonEntry> {
    try await change(id, expected: expected, by: actor, now, keeping) { person in
      guard var person else { return nil }
      person.active = false
      return person
    }
  }

  func find<Entry: DirectoryRecord>(_: Entry.Type, _ id: String) async throws -> Entry? {
    try await pool.query(DirectoryStore.select, Entry.kind, id).first
      .map { try DirectoryStore.read($0) }
  }

  /// In order of their ids.
  func list<Entry: DirectoryRecord>(
    _: Entry.Type, after: String?, limit: Int
  ) async throws -> [Entry] {
    try await pool.query(
      """
      SELECT entry FROM directory_entries
      WHERE kind = $1 AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3
      """, Entry.kind, after, limit
    ).map { try DirectoryStore.read($0) }
  }

  private func change<Entry: DirectoryRecord>(
    _ id: String, expected: Int64?, by actor: String, _ now: Instant,
    _ keeping: @escaping Keeping<Outcome<Entry>>, _ make: @escaping @Sendable (Entry?) -> Entry?
  ) async throws -> Outcome<Entry> {
    let trace = ServiceContext.current?.trace
    let (outcome, revision) = try await pool.transaction {
      [self] transaction -> (Outcome<Entry>, Int64) in
      let (outcome, revision): (Outcome<Entry>, Int64) = try change(
        id, expected: expected, by: actor, now, trace, make, in: transaction)
      try IdempotencyStore.keep(try keeping(outcome), now: now, in: transaction)
      return (outcome, revision)
    }
    switch outcome {
    case .created(let entry), .changed(let entry):
      cache.apply(revision: revision) { entry.enter(&$0) }
    default: break
    }
    return outcome
  }

  /// Together with the revision of the directory that it leaves.
  private func change<Entry: DirectoryRecord>(
    _ id: String, expected: Int64?, by actor: String, _ now: Instant, _ trace: TraceContext?,
    _ make: (Entry?) -> Entry?, in transaction: borrowing PostgresTransaction
  ) throws -> (Outcome<Entry>, Int64) {
    let (directory, revision) = try cache.locked(in: transaction)
    let before: Entry? = try transaction.query(DirectoryStore.select, Entry.kind, id).first
      .map { try DirectoryStore.read($0) }
    guard let wanted = make(before) else { return (.notFound, revision) }
    if let expected, expected != before?.version ?? 0 {
      return (.stale(current: before), revision)
    }
    if let before, wanted.isSame(as: before) { return (.unchanged(before), revision) }
    let failures = wanted.failures(in: directory)
    guard failures.isEmpty else { return (.refused(failures), revision) }
    if (before as? PersonEntry)?.active == true, (wanted as? PersonEntry)?.active == false {
      // Whoever locked themselves out could not come back.
      if id == actor { return (.refused([.ownDeparture]), revision) }
      let count = try DirectoryStore.openDeals(of: id, in: transaction)
      if count > 0 { return (.ownsDeals(count), revision) }
    }
    let entry = wanted.versioned((before?.version ?? 0) + 1, now, actor)
    try DirectoryStore.write(entry, in: transaction)
    try Outbox.append([try recorder.message(entry, trace: trace)], at: now, in: transaction)
    return (before == nil ? .created(entry) : .changed(entry), revision + 1)
  }

  private static let select = "SELECT entry FROM directory_entries WHERE kind = $1 AND id = $2"

  private static func read<Entry: DirectoryRecord>(_ row: PostgresRow) throws -> Entry {
    try JSONCoding.decode(Entry.self, from: try row.decode(0, as: PostgresJSON.self).bytes)
  }

  private static func write(
    _ entry: some DirectoryRecord, in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      """
      INSERT INTO directory_entries (kind, id, version, entry) VALUES ($1, $2, $3, $4)
      ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, entry = excluded.entry
      """, type(of: entry).kind, entry.id, entry.version, PostgresJSON(try JSONCoding.encode(entry))
    )
    try transaction.execute("UPDATE directory_revision SET revision = revision + 1")
  }

  private static func openDeals(
    of owner: String, in transaction: borrowing PostgresTransaction
  ) throws -> Int {
    let rows = try transaction.query(
      "SELECT count(*) FROM opportunities WHERE owner = $1 AND category = 'open' AND merged_into IS NULL",
      owner)
    return try rows.first?.decode(0, as: Int.self) ?? 0
  }
}
