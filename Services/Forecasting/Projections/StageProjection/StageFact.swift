import Contracts
import Messaging

/// An event as far as visits and totals follow from it: a row of `applied_events`.
struct StageFact: Hashable, Sendable {
  var position: EventPosition
  /// Begins a visit, unless it was taken back.
  var opensVisit: Bool
  /// When the deal entered `to` is not known.
  var isEntryUnknown: Bool
  var pipeline: String
  var to: String?
  var category: StageCategory?
  /// Index of `to` in its pipeline version.
  var stagePosition: Int?
  var direction: MoveDirection?
  var holder: Holder
  /// Nil for a deal without an amount.
  var amountMinor: Int64?
  /// The deal is put on hold, or goes on; nil: neither.
  var hold: Bool?
  /// Nil: nothing is due.
  var followUpDueAt: Instant?
  var occurredAt: Instant
  /// The move that it takes back.
  var reverted: EventPosition?
  /// The deal that this one became part of: whatever it did is in no figure.
  var mergedInto: EntityID?
}

extension StageFact {
  init(_ event: StageEvent) {
    self.init(
      position: EventPosition(event), opensVisit: event.opensVisit,
      isEntryUnknown: event.isEntryUnknown, pipeline: event.data.pipeline, to: event.data.to,
      category: event.data.toCategory, stagePosition: event.data.toPosition,
      direction: event.direction, holder: event.holder, amountMinor: event.data.amount?.minor,
      hold: event.hold, followUpDueAt: event.data.followUpDueAt,
      occurredAt: event.data.occurredAt,
      reverted: event.reverts.map { EventPosition($0) }, mergedInto: event.mergedInto)
  }
}

extension StageEvent {
  var opensVisit: Bool {
    switch type {
    case .created: true
    case .moved: !(data.from ?? "").hasSameBytes(as: data.to ?? "")
    case .changed, .activityRecorded, .moveReverted, .merged, .erased: false
    }
  }

  var holder: Holder {
    Holder(owner: data.owner, team: data.team, currency: data.amount?.currency)
  }

  /// Whether the event puts the deal on hold (true) or lets it go on (false).
  var hold: Bool? {
    guard !data.changes.isEmpty else { return nil }
    return data.changes.last { $0.field == "hold" }.map { $0.new != .null }
  }

  var isEntryUnknown: Bool { type == .created && data.entryUnknown == true }

  /// Which way the deal left its stage; nil when it did not.
  var direction: MoveDirection? {
    type == .moved && opensVisit ? MoveDirection.of(data) : nil
  }

  /// The deal that the event's deal became part of.
  var mergedInto: EntityID? { type == .merged ? data.merged?.opportunityId : nil }

  /// The move that the event takes back.
  var reverts: RevertedMove? { type == .moveReverted ? data.reverted : nil }
}

extension EventPosition {
  init(_ move: RevertedMove) { self.init(epoch: move.epoch, sequence: move.sequence) }
}
