import Contracts
import Messaging
import Postgres

/// What the projections hold of one opportunity.
struct LiveOpportunity: Sendable {
  let id: EntityID
  var applied: [AppliedRow] = []
  var visits: [VisitRow] = []
  var current: CurrentRow?
  var traits: TraitRow?
  var notes: [NotedRow] = []

  /// Up to which event it was projected.
  var position: EventPosition? {
    if let current { return EventPosition(epoch: current.epoch, sequence: current.sequence) }
    return applied.map { EventPosition(epoch: $0.epoch, sequence: $0.sequence) }.max()
  }
}

/// A row type with the statement that reads all of it in the order of opportunities.
protocol LiveRow: ProjectionRow {
  static var select: String { get }
  /// Column 0 is the opportunity.
  init(_ row: PostgresRow) throws
}

extension AppliedRow: LiveRow {
  static let select = """
    SELECT opportunity_id, epoch, sequence, event_id, type, pipeline, from_stage, to_stage,
           direction, owner, team, amount_minor, currency, occurred_at, recorded_at, entry_unknown,
           to_category, to_position, reverted_epoch, reverted_sequence, reverted_by,
           reverted_because, held, merged_into::text, follow_up_due_at
    FROM applied_events ORDER BY opportunity_id, epoch, sequence
    """

  init(_ row: PostgresRow) throws {
    self.init(
      epoch: try row.decode(1), sequence: try row.decode(2), eventID: try row.decode(3),
      type: try row.decode(4), pipeline: try row.decode(5), fromStage: try row.optional(6),
      toStage: try row.optional(7), direction: try row.optional(8), owner: try row.optional(9),
      team: try row.optional(10), amountMinor: try row.optional(11),
      currency: try row.optional(12), occurredAt: try row.decode(13),
      recordedAt: try row.decode(14), entryUnknown: try row.decode(15),
      toCategory: try row.optional(16), toPosition: try row.optional(17),
      revertedEpoch: try row.optional(18), revertedSequence: try row.optional(19),
      revertedBy: try row.optional(20), revertedBecause: try row.optional(21),
      held: try row.optional(22), mergedInto: try row.optional(23),
      followUpDueAt: try row.optional(24))
  }
}

extension CurrentRow: LiveRow {
  static let select = """
    SELECT opportunity_id, epoch, sequence, pipeline, pipeline_version, stage, category, position,
           owner, team, amount_minor, currency, name, account, entered_at, entered_sequence,
           follow_up_due_at, benchmark_days, occurred_at, coalesce(latest_at, occurred_at),
           held_since, held_us, created_at, outcome, closed_at, merged_into::text
    FROM current_stage ORDER BY opportunity_id
    """

  init(_ row: PostgresRow) throws {
    self.init(
      epoch: try row.decode(1), sequence: try row.decode(2), pipeline: try row.decode(3),
      pipelineVersion: try row.decode(4), stage: try row.decode(5), category: try row.decode(6),
      position: try row.decode(7), owner: try row.optional(8), team: try row.optional(9),
      amountMinor: try row.optional(10), currency: try row.optional(11),
      name: try row.optional(12), account: try row.optional(13),
      enteredAt: try row.optional(14), enteredSequence: try row.decode(15),
      followUpDueAt: try row.optional(16), benchmarkDays: try row.optional(17),
      occurredAt: try row.decode(18), latestAt: try row.decode(19),
      heldSince: try row.optional(20), heldMicroseconds: try row.decode(21),
      createdAt: try row.optional(22), outcome: try row.optional(23),
      closedAt: try row.optional(24), mergedInto: try row.optional(25))
  }
}

extension VisitRow: LiveRow {
  static let select = """
    SELECT opportunity_id, entered_sequence, pipeline, stage, category, entered_at, left_at,
           left_sequence, left_to, direction, left_category, left_owner, left_team,
           left_currency, left_amount_minor, held_us
    FROM visits ORDER BY opportunity_id, entered_sequence
    """

  init(_ row: PostgresRow) throws {
    self.init(
      enteredSequence: try row.decode(1), pipeline: try row.decode(2), stage: try row.decode(3),
      category: try row.decode(4), enteredAt: try row.optional(5), leftAt: try row.optional(6),
      leftSequence: try row.optional(7), leftTo: try row.optional(8),
      direction: try row.optional(9), leftCategory: try row.optional(10),
      leftOwner: try row.optional(11), leftTeam: try row.optional(12),
      leftCurrency: try row.optional(13), leftAmountMinor: try row.optional(14),
      heldMicroseconds: try row.decode(15))
  }
}

extension NotedRow: LiveRow {
  static let select = """
    SELECT opportunity_id, epoch, sequence, number, pipeline, kind, stage, item, is_set, day::text,
           former_day::text, score, is_explicit, occurred_at
    FROM noted_changes ORDER BY opportunity_id, epoch, sequence, number
    """

  init(_ row: PostgresRow) throws {
    self.init(
      epoch: try row.decode(1), sequence: try row.decode(2), number: try row.decode(3),
      pipeline: try row.decode(4),
      note: FeedEvent.Note(
        kind: try row.decode(5), stage: try row.decode(6), item: try row.decode(7),
        isSet: try row.decode(8), day: try row.optional(9), formerDay: try row.optional(10),
        score: try row.optional(11), isExplicit: try row.optional(12)),
      occurredAt: try row.decode(13))
  }
}

extension TraitRow: LiveRow {
  static let select = "SELECT opportunity_id, product, industry FROM deal_traits ORDER BY 1"

  init(_ row: PostgresRow) throws {
    self.init(product: try row.optional(1), industry: try row.optional(2))
  }
}
