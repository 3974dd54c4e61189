import Contracts
import Messaging
import Postgres

// The statements that run only where an event takes something back.
extension StageTables {
  /// All events that were applied to these opportunities, by position; empty for one without any.
  ///
  /// - Parameter knownAt: only those that were recorded by then; nil: all.
  static func loadHistories(
    of ids: Set<EntityID>, knownAt: Instant? = nil, in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: [StageFact]] {
    guard !ids.isEmpty else { return [:] }
    let rows = try transaction.query(
      """
      SELECT opportunity_id, epoch, sequence,
        type = $2 OR (type = $3 AND from_stage <> to_stage), entry_unknown AND type = $2, pipeline,
        to_stage, to_category, to_position, direction, owner, team, currency, occurred_at,
        reverted_epoch, reverted_sequence, merged_into, amount_minor, held, follow_up_due_at
      FROM applied_events
      WHERE opportunity_id = ANY($1::uuid[])
        AND ($4::timestamptz IS NULL OR recorded_at <= $4)
      ORDER BY opportunity_id, epoch, sequence
      """, ids.sorted(), StageEventType.created.rawValue, StageEventType.moved.rawValue,
      knownAt)
    var histories = Dictionary(uniqueKeysWithValues: ids.map { ($0, [StageFact]()) })
    for row in rows { histories[try row.decode(0), default: []].append(try StageFact(row)) }
    return histories
  }

  /// Writes down which moves the events take back.
  static func noteReverts(
    _ events: [StageEvent], in transaction: borrowing PostgresTransaction
  ) throws {
    let reverts = events.filter { $0.reverts != nil }
    guard !reverts.isEmpty else { return }
    try transaction.execute(
      """
      UPDATE applied_events SET reverted_epoch = noted.reverted_epoch,
        reverted_sequence = noted.reverted_sequence, reverted_by = noted.reverted_by,
        reverted_because = noted.reverted_because
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[],
        $7::text[]) AS noted (opportunity_id, epoch, sequence, reverted_epoch, reverted_sequence,
        reverted_by, reverted_because)
      WHERE (applied_events.opportunity_id, applied_events.epoch, applied_events.sequence)
        = (noted.opportunity_id, noted.epoch, noted.sequence)
      """,
      reverts.map(\.data.opportunityId), reverts.map(\.data.epoch), reverts.map(\.data.sequence),
      reverts.map { $0.reverts?.epoch }, reverts.map { $0.reverts?.sequence },
      reverts.map(\.data.actor), reverts.map(\.data.reason))
  }

  /// Writes down which deals became part of others.
  static func noteMerges(
    _ events: [StageEvent], in transaction: borrowing PostgresTransaction
  ) throws {
    let merges = events.filter { $0.mergedInto != nil }
    guard !merges.isEmpty else { return }
    try transaction.execute(
      """
      UPDATE applied_events SET merged_into = noted.merged_into
      FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::uuid[])
        AS noted (opportunity_id, epoch, sequence, merged_into)
      WHERE (applied_events.opportunity_id, applied_events.epoch, applied_events.sequence)
        = (noted.opportunity_id, noted.epoch, noted.sequence)
      """, merges.map(\.opportunityId), merges.map(\.epoch), merges.map(\.sequence),
      merges.map(\.mergedInto))
  }

  static func remove(
    _ vanished: StageFold.Vanished, in transaction: borrowing PostgresTransaction
  ) throws {
    if !vanished.events.isEmpty {
      try transaction.execute(
        """
        DELETE FROM applied_events USING unnest($1::uuid[], $2::bigint[], $3::bigint[])
          AS gone (id, epoch, sequence)
        WHERE (opportunity_id, applied_events.epoch, applied_events.sequence)
          = (gone.id, gone.epoch, gone.sequence)
        """,
        vanished.events.map(\.0), vanished.events.map(\.1.epoch),
        vanished.events.map(\.1.sequence))
    }
    if !vanished.visits.isEmpty {
      try transaction.execute(
        """
        DELETE FROM visits USING unnest($1::uuid[], $2::bigint[]) AS gone (id, sequence)
        WHERE (opportunity_id, entered_sequence) = (gone.id, gone.sequence)
        """, vanished.visits.map(\.0), vanished.visits.map(\.1))
    }
  }
}

extension StageFact {
  fileprivate init(_ row: PostgresRow) throws {
    let category = try row.optional(7, as: String.self)
    let direction = try row.optional(9, as: String.self)
    let epoch = try row.optional(14, as: Int64.self)
    let sequence = try row.optional(15, as: Int64.self)
    self.init(
      position: EventPosition(epoch: try row.decode(1), sequence: try row.decode(2)),
      opensVisit: try row.optional(3) ?? false, isEntryUnknown: try row.decode(4),
      pipeline: try row.decode(5), to: try row.optional(6),
      category: category.flatMap { StageCategory(rawValue: $0) },
      stagePosition: try row.optional(8),
      direction: direction.flatMap { MoveDirection(rawValue: $0) },
      holder: Holder(
        owner: try row.optional(10), team: try row.optional(11), currency: try row.optional(12)),
      amountMinor: try row.optional(17), hold: try row.optional(18),
      followUpDueAt: try row.optional(19), occurredAt: try row.decode(13),
      reverted: epoch.flatMap { epoch in
        sequence.map { EventPosition(epoch: epoch, sequence: $0) }
      }, mergedInto: try row.optional(16))
  }
}
