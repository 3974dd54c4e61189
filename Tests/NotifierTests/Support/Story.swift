import Contracts
import Foundation

/// Makes the events of one deal, as stage-service would.
struct Story {
  static let start = Instant("2026-11-02T01:00:00Z")!

  let id: EntityID
  var now: Instant
  var stage = "lead"
  var category = StageCategory.open
  var sequence: Int64 = 0
  var epoch: Int64 = 1
  var owner: String? = "li.na"
  var team: String? = "east"
  var pipeline = "general"
  var dueAt: Instant?
  private(set) var events: [StageEvent] = []

  init(_ number: Int = 1, at now: Instant = Story.start) {
    id = .v7(at: Story.start, entropy: (UInt64(number), UInt64(number)))
    self.now = now
  }

  /// Days after which a stage wants a follow-up.
  private static let followUpDays: Double = 3

  @discardableResult
  mutating func create(name: String = "ERP 二期") -> StageEvent {
    dueAt = now.adding(days: Story.followUpDays)
    let (stage, category) = (stage, category)
    return add(.created) {
      $0.name = name
      $0.account = Account(name: "华东机械")
      $0.to = stage
      $0.toCategory = category
      $0.toPosition = 0
    }
  }

  @discardableResult
  mutating func move(to next: String, _ nextCategory: StageCategory = .open) -> StageEvent {
    let from = stage
    let fromCategory = category
    stage = next
    category = nextCategory
    dueAt = nextCategory == .open ? now.adding(days: Story.followUpDays) : nil
    return add(.moved) {
      $0.from = from
      $0.fromCategory = fromCategory
      $0.fromPosition = 0
      $0.to = next
      $0.toCategory = nextCategory
      $0.toPosition = 1
    }
  }

  @discardableResult
  mutating func change(_ changes: FieldChange...) -> StageEvent {
    add(.changed) { $0.changes = changes }
  }

  @discardableResult
  mutating func erase(_ erased: ErasedData) -> StageEvent { add(.erased) { $0.erased = erased } }

  @discardableResult
  mutating func merge(into survivor: EntityID) -> StageEvent {
    dueAt = nil
    return add(.merged) { $0.merged = MergedInto(opportunityId: survivor) }
  }

  @discardableResult
  mutating func activity() -> StageEvent {
    dueAt = nil
    return add(.activityRecorded) {
      $0.activity = ActivityRecord(source: "/mail", id: "m-1", kind: "email", at: $0.occurredAt)
    }
  }

  private mutating func add(
    _ type: StageEventType, _ fill: (inout StageEventData) -> Void
  ) -> StageEvent {
    sequence += 1
    var data = StageEventData(
      opportunityId: id, epoch: epoch, sequence: sequence, pipeline: pipeline, pipelineVersion: 1,
      actor: "li.na", occurredAt: now, recordedAt: now)
    data.owner = owner
    data.team = team
    data.followUpDueAt = dueAt
    fill(&data)
    let event = StageEvent(
      id: .v7(at: now, entropy: (id.uuid.hash, UInt64(epoch) << 32 | UInt64(sequence))),
      type: type, data: data)
    events.append(event)
    return event
  }
}

extension UUID {
  fileprivate var hash: UInt64 {
    withUnsafeBytes(of: uuid) { $0.reduce(14_695) { ($0 &* 31) &+ UInt64($1) } }
  }
}
