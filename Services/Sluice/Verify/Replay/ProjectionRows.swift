import Contracts

/// A row of a projection, live or recomputed.
protocol ProjectionRow: Equatable, Sendable {
  static var check: Check { get }
  /// What tells it from the other rows of the same opportunity; empty where there is one row.
  var key: String { get }
  /// Column and value, as they are shown where two rows differ.
  var cells: [(column: String, value: String?)] { get }
}

struct AppliedRow: ProjectionRow {
  var epoch: Int64
  var sequence: Int64
  var eventID: EntityID
  var type: String
  var pipeline: String
  var fromStage: String?
  var toStage: String?
  var direction: String?
  var owner: String?
  var team: String?
  var amountMinor: Int64?
  var currency: String?
  var occurredAt: Instant
  var recordedAt: Instant
  var entryUnknown: Bool
  var toCategory: String?
  var toPosition: Int32?
  var revertedEpoch: Int64?
  var revertedSequence: Int64?
  var revertedBy: String?
  var revertedBecause: String?
  var held: Bool?
  var mergedInto: String?
  var followUpDueAt: Instant?

  static var check: Check { .appliedEvents }
  var key: String { "epoch \(epoch) sequence \(sequence)" }
  var cells: [(column: String, value: String?)] {
    [
      ("event_id", eventID.description), ("type", type), ("pipeline", pipeline),
      ("from_stage", fromStage), ("to_stage", toStage), ("direction", direction),
      ("owner", owner), ("team", team), ("amount_minor", amountMinor.map(String.init)),
      ("currency", currency), ("occurred_at", occurredAt.description),
      ("recorded_at", recordedAt.description), ("entry_unknown", String(entryUnknown)),
      ("to_category", toCategory), ("to_position", toPosition.map { String($0) }),
      ("reverted_epoch", revertedEpoch.map { String($0) }),
      ("reverted_sequence", revertedSequence.map { String($0) }),
      ("reverted_by", revertedBy), ("reverted_because", revertedBecause),
      ("held", held.map { String($0) }), ("merged_into", mergedInto),
      ("follow_up_due_at", followUpDueAt?.description),
    ]
  }
}

struct CurrentRow: ProjectionRow {
  var epoch: Int64
  var sequence: Int64
  var pipeline: String
  var pipelineVersion: Int32
  var stage: String
  var category: String
  var position: Int32
  var owner: String?
  var team: String?
  var amountMinor: Int64?
  var currency: String?
  var name: String?
  var account: String?
  var enteredAt: Instant?
  var enteredSequence: Int64
  var followUpDueAt: Instant?
  var benchmarkDays: Double?
  var occurredAt: Instant
  var latestAt: Instant
  var heldSince: Instant?
  var heldMicroseconds: Int64
  var createdAt: Instant?
  var outcome: String?
  var closedAt: Instant?
  var mergedInto: String?

  static var check: Check { .currentStage }
  var key: String { "" }
  var cells: [(column: String, value: String?)] {
    [
      ("epoch", String(epoch)), ("sequence", String(sequence)), ("pipeline", pipeline),
      ("pipeline_version", String(pipelineVersion)), ("stage", stage), ("category", category),
      ("position", String(position)), ("owner", owner), ("team", team),
      ("amount_minor", amountMinor.map(String.init)), ("currency", currency), ("name", name),
      ("account", account), ("entered_at", enteredAt?.description),
      ("entered_sequence", String(enteredSequence)),
      ("follow_up_due_at", followUpDueAt?.description),
      ("benchmark_days", benchmarkDays.map { "\($0)" }), ("occurred_at", occurredAt.description),
      ("latest_at", latestAt.description), ("held_since", heldSince?.description),
      ("held_us", String(heldMicroseconds)), ("created_at", createdAt?.description),
      ("outcome", outcome), ("closed_at", closedAt?.description), ("merged_into", mergedInto),
    ]
  }
}

struct VisitRow: ProjectionRow {
  var enteredSequence: Int64
  var pipeline: String
  var stage: String
  var category: String
  var enteredAt: Instant?
  var leftAt: Instant?
  var leftSequence: Int64?
  var leftTo: String?
  var direction: String?
  var leftCategory: String?
  var leftOwner: String?
  var leftTeam: String?
  var leftCurrency: String?
  var leftAmountMinor: Int64?
  var heldMicroseconds: Int64

  static var check: Check { .visits }
  var key: String { "entered by sequence \(enteredSequence)" }
  var cells: [(column: String, value: String?)] {
    [
      ("pipeline", pipeline), ("stage", stage), ("category", category),
      ("entered_at", enteredAt?.description), ("left_at", leftAt?.description),
      ("left_sequence", leftSequence.map(String.init)), ("left_to", leftTo),
      ("direction", direction), ("left_category", leftCategory), ("left_owner", leftOwner),
      ("left_team", leftTeam), ("left_currency", leftCurrency),
      ("left_amount_minor", leftAmountMinor.map(String.init)),
      ("held_us", String(heldMicroseconds)),
    ]
  }
}

struct NotedRow: ProjectionRow {
  var epoch: Int64
  var sequence: Int64
  var number: Int32
  var pipeline: String
  var note: FeedEvent.Note
  var occurredAt: Instant

  static var check: Check { .notedChanges }
  var key: String { "epoch \(epoch) sequence \(sequence) number \(number)" }
  var cells: [(column: String, value: String?)] {
    [
      ("pipeline", pipeline), ("kind", note.kind), ("stage", note.stage), ("item", note.item),
      ("is_set", String(note.isSet)), ("day", note.day), ("former_day", note.formerDay),
      ("score", note.score.map { String($0) }),
      ("is_explicit", note.isExplicit.map { String($0) }),
      ("occurred_at", occurredAt.description),
    ]
  }
}

struct TraitRow: ProjectionRow {
  var product: String?
  var industry: String?

  static var check: Check { .dealTraits }
  var key: String { "" }
  var cells: [(column: String, value: String?)] { [("product", product), ("industry", industry)] }
}
