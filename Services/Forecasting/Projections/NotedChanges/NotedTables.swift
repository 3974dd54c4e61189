import Contracts
import Messaging
import Postgres

/// The statements that keep `noted_changes`.
enum NotedTables {
  /// - Parameter events: that are new.
  static func insert(
    _ events: [StageEvent], in transaction: borrowing PostgresTransaction
  ) throws {
    var rows: [(event: StageEvent, number: Int32, change: NotedChange)] = []
    for event in events {
      for (number, change) in event.notedChanges.enumerated() {
        rows.append((event, Int32(number), change))
      }
    }
    guard !rows.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO noted_changes (opportunity_id, epoch, sequence, number, pipeline, kind, stage, item,
        is_set, day, former_day, score, is_explicit, occurred_at)
      SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::int[]),
        unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]),
        unnest($9::bool[]), unnest($10::date[]), unnest($11::date[]), unnest($12::int[]),
        unnest($13::bool[]), unnest($14::timestamptz[])
      """,
      rows.map { $0.event.opportunityId }, rows.map { $0.event.epoch },
      rows.map { $0.event.sequence }, rows.map { $0.number }, rows.map { $0.event.data.pipeline },
      rows.map { $0.change.kind.rawValue }, rows.map { $0.change.stage },
      rows.map { $0.change.item }, rows.map { $0.change.isSet },
      rows.map { $0.change.day.map(date) }, rows.map { $0.change.formerDay.map(date) },
      rows.map { $0.change.score.map(Int32.init) }, rows.map { $0.change.isExplicit },
      rows.map { $0.event.data.occurredAt })
  }

  private static func date(_ day: CalendarDay) -> PostgresDate {
    PostgresDate(daysSinceEpoch: Int32(clamping: day.days))
  }

  /// A condition on a row `noted`: it was recorded by the time that the parameter gives, if any.
  static func isKnown(_ knownAt: String) -> String {
    """
    (\(knownAt)::timestamptz IS NULL OR EXISTS (
      SELECT FROM applied_events AS event
      WHERE (event.opportunity_id, event.epoch, event.sequence)
          = (noted.opportunity_id, noted.epoch, noted.sequence)
        AND event.recorded_at <= \(knownAt)))
    """
  }

  /// What events that never were have said.
  static func remove(
    _ vanished: StageFold.Vanished, in transaction: borrowing PostgresTransaction
  ) throws {
    guard !vanished.events.isEmpty else { return }
    try transaction.execute(
      """
      DELETE FROM noted_changes AS noted USING unnest($1::uuid[], $2::bigint[], $3::bigint[])
        AS gone (id, epoch, sequence)
      WHERE (noted.opportunity_id, noted.epoch, noted.sequence)
        = (gone.id, gone.epoch, gone.sequence)
      """,
      vanished.events.map(\.0), vanished.events.map(\.1.epoch),
      vanished.events.map(\.1.sequence))
  }
}
