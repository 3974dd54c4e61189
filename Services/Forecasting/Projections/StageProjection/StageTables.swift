import Contracts
import Messaging
import Postgres

/// The statements of the stage projection: each takes a whole batch as arrays, one per column.
enum StageTables {
  /// The current rows of these opportunities, and what is parked of them. Not locked: an opportunity's
  /// events come through one partition, whose offset the transaction has moved already, and
  /// `writeCurrent` looks whether anybody else was here all the same.
  static func load(
    _ ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> (current: [EntityID: CurrentStage], parked: [StageEvent]) {
    let rows = try transaction.query(all: [
      (
        """
        SELECT opportunity_id, epoch, sequence, pipeline, pipeline_version, stage, category, position,
          owner, team, amount_minor, currency, name, account, entered_at, entered_sequence,
          follow_up_due_at, benchmark_days, occurred_at, latest_at, held_since, held_us,
          created_at, outcome, closed_at, merged_into
        FROM current_stage WHERE opportunity_id = ANY($1::uuid[])
        """, [ids]
      ), ParkedEvents.selection(for: ids),
    ])
    var current: [EntityID: CurrentStage] = [:]
    current.reserveCapacity(rows[0].count)
    for row in rows[0] {
      let stage = try CurrentStage(row)
      current[stage.opportunityID] = stage
    }
    return (current, try rows[1].map { try ParkedEvents.read($0) })
  }

  /// Inserts the events that are not there yet and returns them, in the order given.
  static func insertFacts(
    _ events: [StageEvent], in transaction: borrowing PostgresTransaction
  ) throws -> [StageEvent] {
    let inserted = try transaction.query(
      """
      INSERT INTO applied_events (opportunity_id, epoch, sequence, event_id, type, pipeline,
        from_stage, to_stage, direction, owner, team, amount_minor, currency, occurred_at,
        recorded_at, entry_unknown, to_category, to_position, held, follow_up_due_at)
      SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::uuid[]),
        unnest($5::text[]), unnest($6::text[]), unnest($7::text[]), unnest($8::text[]),
        unnest($9::text[]), unnest($10::text[]), unnest($11::text[]), unnest($12::bigint[]),
        unnest($13::text[]), unnest($14::timestamptz[]), unnest($15::timestamptz[]),
        unnest($16::bool[]), unnest($17::text[]), unnest($18::int[]), unnest($19::bool[]),
        unnest($20::timestamptz[])
      ON CONFLICT DO NOTHING
      RETURNING opportunity_id, epoch, sequence
      """,
      events.map { $0.data.opportunityId }, events.map { $0.data.epoch },
      events.map { $0.data.sequence },
      events.map { $0.id }, events.map { $0.type.rawValue }, events.map { $0.data.pipeline },
      events.map { $0.data.from }, events.map { $0.data.to }, events.map { $0.direction?.rawValue },
      events.map { $0.data.owner }, events.map { $0.data.team },
      events.map { $0.data.amount?.minor },
      events.map { $0.data.amount?.currency }, events.map { $0.data.occurredAt },
      events.map { $0.data.recordedAt }, events.map { $0.data.entryUnknown == true },
      events.map { $0.data.toCategory?.rawValue },
      events.map { $0.data.toPosition.map(Int32.init) }, events.map { $0.hold },
      events.map { $0.data.followUpDueAt })
    if inserted.count == events.count { return events }
    let keys = try Set(inserted.map { try FactKey($0) })
    return events.filter { keys.contains(FactKey($0)) }
  }

  /// - Parameter former: the rows as they were loaded; a row that is no longer as it was, or that
  ///   somebody else has made, is a ``LostRace``.
  static func writeCurrent(
    _ rows: [CurrentStage], over former: [EntityID: CurrentStage],
    in transaction: borrowing PostgresTransaction
  ) throws {
    var new: [CurrentStage] = []
    var known: [CurrentStage] = []
    var positions: [EventPosition] = []
    for row in rows {
      guard let former = former[row.opportunityID] else {
        new.append(row)
        continue
      }
      known.append(row)
      positions.append(EventPosition(epoch: former.epoch, sequence: former.sequence))
    }
    try insertCurrent(new, in: transaction)
    try updateCurrent(known, at: positions, in: transaction)
  }

  private static func insertCurrent(
    _ rows: [CurrentStage], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !rows.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO current_stage (\(currentColumns))
      SELECT \(currentArrays) ON CONFLICT DO NOTHING
      """, parameters: parameters(of: rows), expecting: rows.count, or: LostRace())
  }

  private static func updateCurrent(
    _ rows: [CurrentStage], at positions: [EventPosition],
    in transaction: borrowing PostgresTransaction
  ) throws {
    guard !rows.isEmpty else { return }
    try transaction.send(
      """
      UPDATE current_stage AS old SET
        epoch = new.epoch, sequence = new.sequence, pipeline = new.pipeline,
        pipeline_version = new.pipeline_version, stage = new.stage, category = new.category,
        position = new.position, owner = new.owner, team = new.team,
        amount_minor = new.amount_minor, currency = new.currency, name = new.name,
        account = new.account, entered_at = new.entered_at,
        entered_sequence = new.entered_sequence, follow_up_due_at = new.follow_up_due_at,
        benchmark_days = new.benchmark_days, occurred_at = new.occurred_at,
        latest_at = new.latest_at, held_since = new.held_since, held_us = new.held_us,
        created_at = new.created_at, outcome = new.outcome, closed_at = new.closed_at,
        merged_into = new.merged_into
      FROM (SELECT \(currentArrays), unnest($27::bigint[]), unnest($28::bigint[]))
        AS new (\(currentColumns), former_epoch, former_sequence)
      WHERE old.opportunity_id = new.opportunity_id
        AND (old.epoch, old.sequence) = (former_epoch, former_sequence)
      """,
      parameters: parameters(of: rows) + [
        positions.map { $0.epoch }, positions.map { $0.sequence },
      ], expecting: rows.count, or: LostRace())
  }

  private static let currentColumns = """
    opportunity_id, epoch, sequence, pipeline, pipeline_version, stage, category, position, owner,
    team, amount_minor, currency, name, account, entered_at, entered_sequence, follow_up_due_at,
    benchmark_days, occurred_at, latest_at, held_since, held_us, created_at, outcome, closed_at,
    merged_into
    """

  /// Arrays in the list of a SELECT go side by side; in FROM each would be written down first.
  private static let currentArrays = """
    unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::bigint[]), unnest($4::text[]),
    unnest($5::int[]), unnest($6::text[]), unnest($7::text[]), unnest($8::int[]),
    unnest($9::text[]), unnest($10::text[]), unnest($11::bigint[]), unnest($12::text[]),
    unnest($13::text[]), unnest($14::text[]), unnest($15::timestamptz[]), unnest($16::bigint[]),
    unnest($17::timestamptz[]), unnest($18::float8[]), unnest($19::timestamptz[]),
    unnest($20::timestamptz[]), unnest($21::timestamptz[]), unnest($22::bigint[]),
    unnest($23::timestamptz[]), unnest($24::text[]), unnest($25::timestamptz[]),
    unnest($26::uuid[])
    """

  /// Column by column, in the order of `currentColumns`.
  private static func parameters(of rows: [CurrentStage]) -> [(any PostgresEncodable)?] {
    [
      rows.map { $0.opportunityID }, rows.map { $0.epoch }, rows.map { $0.sequence },
      rows.map { $0.pipeline }, rows.map { Int32($0.pipelineVersion) }, rows.map { $0.stage },
      rows.map { $0.categoryText }, rows.map { Int32($0.position) }, rows.map { $0.owner },
      rows.map { $0.team }, rows.map { $0.amount?.minor }, rows.map { $0.amount?.currency },
      rows.map { $0.name }, rows.map { $0.account }, rows.map { $0.enteredAt },
      rows.map { $0.enteredSequence }, rows.map { $0.followUpDueAt },
      rows.map { $0.benchmarkDays }, rows.map { $0.occurredAt },
      rows.map { $0.latestAt }, rows.map { $0.heldSince }, rows.map { $0.heldMicroseconds },
      rows.map { $0.createdAt }, rows.map { $0.outcome?.rawValue }, rows.map { $0.closedAt },
      rows.map { $0.mergedInto },
    ]
  }

  static func upsertVisits(
    _ visits: [Visit], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !visits.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO visits AS old (opportunity_id, entered_sequence, pipeline, stage, category, entered_at,
        left_at, left_sequence, left_to, direction, left_category, left_owner, left_team,
        left_currency, left_amount_minor, held_us)
      SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::text[]), unnest($4::text[]),
        unnest($5::text[]), unnest($6::timestamptz[]), unnest($7::timestamptz[]),
        unnest($8::bigint[]), unnest($9::text[]), unnest($10::text[]), unnest($11::text[]),
        unnest($12::text[]), unnest($13::text[]), unnest($14::text[]), unnest($15::bigint[]),
        unnest($16::bigint[])
      ON CONFLICT (opportunity_id, entered_sequence) DO UPDATE SET
        pipeline = excluded.pipeline, stage = excluded.stage,
        category = CASE WHEN excluded.left_at IS NULL THEN excluded.category ELSE old.category END,
        entered_at = excluded.entered_at, left_at = excluded.left_at,
        left_sequence = excluded.left_sequence, left_to = excluded.left_to,
        direction = excluded.direction, left_category = excluded.left_category,
        left_owner = excluded.left_owner, left_team = excluded.left_team,
        left_currency = excluded.left_currency, left_amount_minor = excluded.left_amount_minor,
        held_us = excluded.held_us
      """,
      visits.map { $0.opportunityID }, visits.map { $0.enteredSequence },
      visits.map { $0.pipeline },
      visits.map { $0.stage }, visits.map { $0.category.rawValue }, visits.map { $0.enteredAt },
      visits.map { $0.leaving?.at }, visits.map { $0.leaving?.sequence },
      visits.map { $0.leaving?.to },
      visits.map { $0.leaving?.direction?.rawValue }, visits.map { $0.leaving?.category?.rawValue },
      visits.map { $0.leaving?.holder.owner }, visits.map { $0.leaving?.holder.team },
      visits.map { $0.leaving?.holder.currency }, visits.map { $0.leaving?.amountMinor },
      visits.map { $0.leaving?.heldMicroseconds ?? 0 })
  }

  /// Visits whose rows are there, from the batches in which they began.
  static func endVisits(
    _ visits: [Visit], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !visits.isEmpty else { return }
    let ended = try transaction.execute(
      """
      UPDATE visits AS old SET left_at = new.left_at, left_sequence = new.left_sequence,
        left_to = new.left_to, direction = new.direction, left_category = new.left_category,
        left_owner = new.left_owner, left_team = new.left_team, left_currency = new.left_currency,
        left_amount_minor = new.left_amount_minor, held_us = new.held_us
      FROM (
        SELECT unnest($1::uuid[]), unnest($2::bigint[]), unnest($3::timestamptz[]),
          unnest($4::bigint[]), unnest($5::text[]), unnest($6::text[]), unnest($7::text[]),
          unnest($8::text[]), unnest($9::text[]), unnest($10::text[]), unnest($11::bigint[]),
          unnest($12::bigint[])
      ) AS new (opportunity_id, entered_sequence, left_at, left_sequence, left_to, direction,
        left_category, left_owner, left_team, left_currency, left_amount_minor, held_us)
      WHERE (old.opportunity_id, old.entered_sequence)
        = (new.opportunity_id, new.entered_sequence)
      """,
      visits.map { $0.opportunityID }, visits.map { $0.enteredSequence },
      visits.map { $0.leaving?.at }, visits.map { $0.leaving?.sequence },
      visits.map { $0.leaving?.to }, visits.map { $0.leaving?.direction?.rawValue },
      visits.map { $0.leaving?.category?.rawValue }, visits.map { $0.leaving?.holder.owner },
      visits.map { $0.leaving?.holder.team }, visits.map { $0.leaving?.holder.currency },
      visits.map { $0.leaving?.amountMinor }, visits.map { $0.leaving?.heldMicroseconds ?? 0 })
    if ended < visits.count { try upsertVisits(visits, in: transaction) }
  }

  /// Partitions of the same remainder share the rows of a shard. More than there are workers, so that
  /// two of them seldom wait for each other; few, as the funnel adds them all up.
  private static let shards: Int32 = 4

  static func shard(of partition: Int32) -> Int16 { Int16(abs(partition) % shards) }

  /// - Parameter totals: in the order of their keys, which is the order in which rows are locked.
  static func addTotals(
    _ totals: [(key: TotalKey, delta: TotalDelta)], shard: Int16,
    in transaction: borrowing PostgresTransaction
  ) throws {
    guard !totals.isEmpty else { return }
    try transaction.send(
      """
      INSERT INTO stage_totals AS old (shard, pipeline, stage, owner, team, currency, deals,
        amount_minor, entered, advanced, back, lost, reopened, ended_known, dwell_seconds)
      SELECT $1::smallint, unnest($2::text[]), unnest($3::text[]), unnest($4::text[]),
        unnest($5::text[]), unnest($6::text[]), unnest($7::bigint[]), unnest($8::text[])::numeric,
        unnest($9::bigint[]), unnest($10::bigint[]), unnest($11::bigint[]), unnest($12::bigint[]),
        unnest($13::bigint[]), unnest($14::bigint[]), unnest($15::bigint[])
      ON CONFLICT (id) DO UPDATE SET
        deals = old.deals + excluded.deals, amount_minor = old.amount_minor + excluded.amount_minor,
        entered = old.entered + excluded.entered, advanced = old.advanced + excluded.advanced,
        back = old.back + excluded.back, lost = old.lost + excluded.lost,
        reopened = old.reopened + excluded.reopened,
        ended_known = old.ended_known + excluded.ended_known,
        dwell_seconds = old.dwell_seconds + excluded.dwell_seconds
      """,
      shard,
      totals.map { $0.key.pipeline }, totals.map { $0.key.stage }, totals.map { $0.key.owner },
      totals.map { $0.key.team }, totals.map { $0.key.currency }, totals.map { $0.delta.deals },
      totals.map { "\($0.delta.amountMinor)" }, totals.map { $0.delta.entered },
      totals.map { $0.delta.advanced }, totals.map { $0.delta.back }, totals.map { $0.delta.lost },
      totals.map { $0.delta.reopened }, totals.map { $0.delta.endedKnown },
      totals.map { $0.delta.dwellSeconds })
  }
}

/// Another transaction wrote an opportunity of this batch while it was worked out, as only events that
/// came through two partitions can bring about. Tried again, the batch is worked out from what is
/// there then.
struct LostRace: Error, CustomStringConvertible {
  let description = "an opportunity of the batch was changed by another transaction"
}

/// The identity of a row of `applied_events`.
private struct FactKey: Hashable {
  var opportunityID: EntityID
  var epoch: Int64
  var sequence: Int64

  init(_ event: StageEvent) {
    opportunityID = event.data.opportunityId
    epoch = event.data.epoch
    sequence = event.data.sequence
  }

  init(_ row: PostgresRow) throws {
    opportunityID = try row.decode(0)
    epoch = try row.decode(1)
    sequence = try row.decode(2)
  }
}

extension CurrentStage {
  fileprivate init(_ row: PostgresRow) throws {
    let category = try row.decode(6, as: String.self)
    let minor = try row.optional(10, as: Int64.self)
    let currency = try row.optional(11, as: String.self)
    self.init(
      opportunityID: try row.decode(0), epoch: try row.decode(1), sequence: try row.decode(2),
      pipeline: try row.decode(3), pipelineVersion: try row.decode(4), stage: try row.decode(5),
      category: StageCategory(rawValue: category) ?? .open, position: try row.decode(7),
      owner: try row.optional(8), team: try row.optional(9),
      amount: minor.flatMap { minor in currency.map { Money(minor: minor, currency: $0) } },
      name: try row.optional(12), account: try row.optional(13), enteredAt: try row.optional(14),
      enteredSequence: try row.decode(15), followUpDueAt: try row.optional(16),
      benchmarkDays: try row.optional(17), occurredAt: try row.decode(18),
      latestAt: try row.optional(19) ?? row.decode(18), heldSince: try row.optional(20),
      heldMicroseconds: try row.decode(21), createdAt: try row.optional(22),
      outcome: try row.optional(23, as: String.self).flatMap { Outcome(rawValue: $0) },
      closedAt: try row.optional(24), mergedInto: try row.optional(25))
  }
}
