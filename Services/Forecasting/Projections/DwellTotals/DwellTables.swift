import Contracts
import Postgres

/// The statements that keep `dwell_totals`.
enum DwellTables {
  /// - Parameter counts: in the order of their keys, which is the order in which rows are locked.
  static func add(
    _ counts: [(key: DwellKey, visits: Int64)], shard: Int16,
    in transaction: borrowing PostgresTransaction
  ) throws {
    guard !counts.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO dwell_totals AS old (shard, pipeline, stage, team, bucket, ending, visits)
      SELECT $1::smallint, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
        unnest($5::int[]), unnest($6::text[]), unnest($7::bigint[])
      ON CONFLICT (id) DO UPDATE SET visits = old.visits + excluded.visits
      """,
      shard, counts.map { $0.key.place.pipeline }, counts.map { $0.key.place.stage },
      counts.map { $0.key.place.team }, counts.map { $0.key.bucket },
      counts.map { $0.key.ending.rawValue }, counts.map { $0.visits })
  }
}
