import Contracts
import Postgres

/// The statements that keep `follow_up_changes`.
enum FollowUpTables {
  /// - Parameter changes: in the order of their keys, which is the order in which rows are locked.
  static func add(
    _ changes: [(key: FollowUpKey, delta: FollowUpDelta)], shard: Int16,
    in transaction: borrowing PostgresTransaction
  ) throws {
    guard !changes.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO follow_up_changes AS old (shard, day, pipeline, team, currency, open, forgotten)
      SELECT $1::smallint, unnest($2::date[]), unnest($3::text[]), unnest($4::text[]),
        unnest($5::text[]), unnest($6::bigint[]), unnest($7::bigint[])
      ON CONFLICT (id) DO UPDATE SET
        open = old.open + excluded.open, forgotten = old.forgotten + excluded.forgotten
      """,
      shard, changes.map { PostgresDate(daysSinceEpoch: $0.key.day) },
      changes.map { $0.key.place.pipeline }, changes.map { $0.key.place.team },
      changes.map { $0.key.place.currency }, changes.map { $0.delta.open },
      changes.map { $0.delta.forgotten })
  }
}
