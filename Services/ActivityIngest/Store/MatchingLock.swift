import Postgres

/// Keeps what arrives and what it might belong to from passing each other unseen: whoever looks for
/// deals holds it shared until what found none is committed; whoever makes a deal known takes it
/// alone, after writing and before looking for what waits.
enum MatchingLock {
  static func share(in transaction: borrowing PostgresTransaction) throws {
    try transaction.execute(
      "SELECT pg_advisory_xact_lock_shared('unmatched'::regclass::oid::int, 0)")
  }

  static func take(in transaction: borrowing PostgresTransaction) throws {
    try transaction.execute("SELECT pg_advisory_xact_lock('unmatched'::regclass::oid::int, 0)")
  }
}
