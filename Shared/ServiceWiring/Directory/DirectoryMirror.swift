import Contracts
import Messaging
import Postgres

/// The tables `directory_entries` and `directory_revision` of a service that only reads the directory.
/// ``DirectoryCache`` reads them.
enum DirectoryMirror {
  static let kinds: Set<String> = [PersonEntry.kind, TeamEntry.kind, CalendarEntry.kind]

  /// Takes an entry in the place of the one of its id, unless that is of a later version. Returns
  /// whether anything has changed.
  static func write(
    _ entry: some DirectoryPayload, in transaction: borrowing PostgresTransaction
  ) throws -> Bool {
    try transaction.execute(
      """
      INSERT INTO directory_entries AS old (kind, id, version, entry) VALUES ($1, $2, $3, $4)
      ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, entry = excluded.entry
      WHERE old.version <= excluded.version AND old.entry <> excluded.entry
      """, type(of: entry).kind, entry.id, entry.version, PostgresJSON(try JSONCoding.encode(entry))
    ) > 0
  }

  /// Returns whether there was one.
  static func remove(
    _ kind: String, _ id: String, in transaction: borrowing PostgresTransaction
  ) throws -> Bool {
    try transaction.execute(
      "DELETE FROM directory_entries WHERE kind = $1 AND id = $2", kind, id) > 0
  }

  /// Tells the caches to read again.
  static func raiseRevision(in transaction: borrowing PostgresTransaction) throws {
    try transaction.execute("UPDATE directory_revision SET revision = revision + 1")
  }
}
