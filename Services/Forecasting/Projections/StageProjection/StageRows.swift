import Contracts
import Foundation

/// A row of `current_stage`: where one opportunity stands after its last event.
struct CurrentStage: Hashable, Sendable {
  var opportunityID: EntityID
  var epoch: Int64
  var sequence: Int64
  var pipeline: String
  var pipelineVersion: Int
  var stage: String
  var category: StageCategory
  /// Index of the stage in its pipeline version.
  var position: Int
  var owner: String?
  var team: String?
  var amount: Money?
  var name: String?
  var account: String?
  /// Nil when it is not known.
  var enteredAt: Instant?
  /// Sequence of the event that began the open visit.
  var enteredSequence: Int64
  var followUpDueAt: Instant?
  var benchmarkDays: Double?
  var occurredAt: Instant
  /// The latest `occurredAt` of all events; an import may bring them in another order.
  var latestAt: Instant
  /// Since when the deal is on hold.
  var heldSince: Instant?
  /// How long the deal was on hold during the open visit, without a hold that lasts.
  var heldMicroseconds: Int64 = 0
  /// Nil when it is not known.
  var createdAt: Instant?
  /// Of a deal that is closed: how, and since when; nil when that is not known.
  var outcome: Outcome?
  var closedAt: Instant?
  /// Of a duplicate: the deal that it became part of. It stands in no figure any more.
  var mergedInto: EntityID?

  /// As the column has it: `merged` keeps it out of whatever asks for open or won deals.
  var categoryText: String { mergedInto == nil ? category.rawValue : "merged" }
}

/// How a deal was closed. One in a stage after the win is won.
enum Outcome: String, CaseIterable, Sendable {
  case won, lost

  /// Nil for a category in which deals are open.
  init?(_ category: StageCategory?) {
    switch category {
    case .won, .postWin: self = .won
    case .lost: self = .lost
    case .open, nil: return nil
    }
  }
}

/// A row of `visits`; `leaving` is nil while the visit is open.
struct Visit: Hashable, Sendable {
  var opportunityID: EntityID
  var enteredSequence: Int64
  var pipeline: String
  var stage: String
  var category: StageCategory
  var enteredAt: Instant?
  var leaving: Leaving?

  struct Leaving: Hashable, Sendable {
    var at: Instant
    var sequence: Int64
    var to: String
    var direction: MoveDirection?
    /// Of the stage `to`.
    var category: StageCategory?
    /// Owner, team, currency and amount before the visit ended.
    var holder = Holder()
    var amountMinor: Int64?
    /// How long the deal was on hold during the visit.
    var heldMicroseconds: Int64 = 0
  }

  /// Of an ended visit whose beginning is known: how long it lasted, without the time on hold.
  var dwellMicroseconds: Int64? {
    guard let leaving, let enteredAt else { return nil }
    return max(0, leaving.at.microseconds - enteredAt.microseconds - leaving.heldMicroseconds)
  }
}

/// What tells the rows of `stage_totals` apart but for the shard. No owner or team is "", and so is
/// the currency of a deal without an amount.
///
/// Texts compare byte by byte as PostgreSQL compares them, not by canonical equivalence.
struct TotalKey: Sendable {
  var pipeline: String
  var stage: String
  var owner: String
  var team: String
  var currency: String

  init(pipeline: String, stage: String, owner: String?, team: String?, currency: String?) {
    self.pipeline = pipeline
    self.stage = stage
    self.owner = owner ?? ""
    self.team = team ?? ""
    self.currency = currency ?? ""
  }
}

extension TotalKey: Hashable, Comparable {
  static func == (left: TotalKey, right: TotalKey) -> Bool {
    left.stage.hasSameBytes(as: right.stage) && left.owner.hasSameBytes(as: right.owner)
      && left.team.hasSameBytes(as: right.team) && left.pipeline.hasSameBytes(as: right.pipeline)
      && left.currency.hasSameBytes(as: right.currency)
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(bytesOf: stage)
    hasher.combine(bytesOf: owner)
    hasher.combine(bytesOf: team)
    hasher.combine(bytesOf: pipeline)
    hasher.combine(bytesOf: currency)
  }

  static func < (left: TotalKey, right: TotalKey) -> Bool {
    // The first that differs decides. Written out, as a batch compares some hundred thousand times.
    var order = left.pipeline.order(right.pipeline)
    if order == 0 { order = left.stage.order(right.stage) }
    if order == 0 { order = left.owner.order(right.owner) }
    if order == 0 { order = left.team.order(right.team) }
    if order == 0 { order = left.currency.order(right.currency) }
    return order < 0
  }
}

/// What a batch adds to one row of `stage_totals`.
struct TotalDelta: Hashable, Sendable {
  /// Deals that stand there, and the sum of their amounts, which may be longer than 64 bits.
  var deals: Int64 = 0
  var amountMinor: Int128 = 0
  var entered: Int64 = 0
  var advanced: Int64 = 0
  var back: Int64 = 0
  var lost: Int64 = 0
  var reopened: Int64 = 0
  /// Ended visits whose entry is known, and their whole seconds.
  var endedKnown: Int64 = 0
  var dwellSeconds: Int64 = 0
}

extension Hasher {
  mutating func combine(bytesOf text: String) {
    var text = text
    text.withUTF8 { bytes in
      combine(bytes: UnsafeRawBufferPointer(bytes))
      combine(bytes.count)
    }
  }
}

extension String {
  func hasSameBytes(as other: String) -> Bool {
    utf8.count == other.utf8.count && order(other) == 0
  }

  /// Of the bytes in UTF-8: negative where this one comes first, 0 where they are the same.
  func order(_ other: String) -> Int {
    var (left, right) = (self, other)
    return left.withUTF8 { left in
      right.withUTF8 { right in
        guard let mine = left.baseAddress, let theirs = right.baseAddress,
          case let order = memcmp(mine, theirs, min(left.count, right.count)), order != 0
        else { return left.count - right.count }
        return Int(order)
      }
    }
  }
}
