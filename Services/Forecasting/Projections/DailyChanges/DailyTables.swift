import Contracts
import Postgres

/// The statements that keep `daily_changes`.
enum DailyTables {
  /// - Parameter changes: in the order of their keys, which is the order in which rows are locked.
  static func add(
    _ changes: [(key: DailyKey, delta: DailyDelta)], shard: Int16,
    in transaction: borrowing PostgresTransaction
  ) throws {
    guard !changes.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO daily_changes AS old (shard, day, pipeline, stage, to_stage, team, currency, deals,
        amount_minor, entered, advanced, won, back, lost, reopened, ended_known, dwell_seconds)
      SELECT $1::smallint, unnest($2::date[]), unnest($3::text[]), unnest($4::text[]),
        unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::bigint[]),
        unnest($9::text[])::numeric, unnest($10::bigint[]), unnest($11::bigint[]),
        unnest($12::bigint[]), unnest($13::bigint[]), unnest($14::bigint[]), unnest($15::bigint[]),
        unnest($16::bigint[]), unnest($17::bigint[])
      ON CONFLICT (id) DO UPDATE SET
        deals = old.deals + excluded.deals, amount_minor = old.amount_minor + excluded.amount_minor,
        entered = old.entered + excluded.entered, advanced = old.advanced + excluded.advanced,
        won = old.won + excluded.won, back = old.back + excluded.back,
        lost = old.lost + excluded.lost, reopened = old.reopened + excluded.reopened,
        ended_known = old.ended_known + excluded.ended_known,
        dwell_seconds = old.dwell_seconds + excluded.dwell_seconds
      """,
      shard, changes.map { PostgresDate(daysSinceEpoch: $0.key.day) },
      changes.map { $0.key.place.pipeline }, changes.map { $0.key.place.stage },
      changes.map { $0.key.to }, changes.map { $0.key.place.team },
      changes.map { $0.key.place.currency }, changes.map { $0.delta.deals },
      changes.map { "\($0.delta.amountMinor)" }, changes.map { $0.delta.entered },
      changes.map { $0.delta.advanced }, changes.map { $0.delta.won },
      changes.map { $0.delta.back }, changes.map { $0.delta.lost },
      changes.map { $0.delta.reopened }, changes.map { $0.delta.endedKnown },
      changes.map { $0.delta.dwellSeconds })
  }
}
