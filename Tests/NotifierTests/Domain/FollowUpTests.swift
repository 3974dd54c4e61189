import Contracts
import Testing

@testable import Notifier

@Suite struct FollowUpTests {
  private func fold(_ events: [StageEvent]) throws -> FollowUp {
    var followUp = FollowUp(first: try #require(events.first), partition: 0)
    for event in events.dropFirst() { followUp.apply(event, partition: 0) }
    return followUp
  }

  @Test func anEntrySetsTheTimer() throws {
    var story = Story()
    story.create()
    let followUp = try fold(story.events)
    #expect(followUp.dueAt == Story.start.adding(days: 3))
    #expect(followUp.remind)
    #expect(followUp.name == "ERP 二期")
    #expect(followUp.stage == "lead")
  }

  @Test func aMoveSetsItAnew() throws {
    var story = Story()
    story.create()
    story.now = Story.start.adding(days: 2)
    story.move(to: "offer")
    let followUp = try fold(story.events)
    #expect(followUp.dueAt == Story.start.adding(days: 5))
    #expect(followUp.remind)
    #expect(followUp.stage == "offer")
  }

  /// The deadline of another owner, on whose days it lies earlier or later.
  @Test(arguments: [2.0, 4.0])
  func anAssignmentMovesIt(_ days: Double) throws {
    var story = Story()
    story.create()
    story.dueAt = Story.start.adding(days: days)
    story.change()
    let followUp = try fold(story.events)
    #expect(followUp.dueAt == Story.start.adding(days: days) && followUp.remind)
  }

  @Test func anActivityClearsIt() throws {
    var story = Story()
    story.create()
    story.activity()
    let followUp = try fold(story.events)
    #expect(followUp.dueAt == nil && !followUp.remind)
  }

  @Test(arguments: [StageCategory.won, .lost])
  func aClosedDealHasNone(_ category: StageCategory) throws {
    var story = Story()
    story.create()
    story.move(to: "end", category)
    story.dueAt = Story.start.adding(days: 9)
    story.change()
    let followUp = try fold(story.events)
    #expect(followUp.dueAt == nil && !followUp.remind)
  }

  @Test func dealsAfterTheSaleHaveOne() throws {
    var story = Story()
    story.create()
    story.move(to: "service", .postWin)
    story.dueAt = Story.start.adding(days: 9)
    story.change()
    #expect(try fold(story.events).remind)
  }

  @Test func anImportOfOldDealsRemindsOfNothing() throws {
    var story = Story()
    var event = story.create()
    event.data.recordedAt = Story.start.adding(days: 100)
    let followUp = try fold([event])
    #expect(followUp.dueAt == Story.start.adding(days: 3))
    #expect(!followUp.remind)
  }

  @Test func aChangeAfterTheDeadlineLeavesTheTimerAsItIs() throws {
    var story = Story()
    story.create()
    story.now = Story.start.adding(days: 4)
    story.change(FieldChange(field: "name", old: "ERP 二期", new: "ERP 三期"))
    var followUp = try fold(story.events)
    #expect(followUp.remind && followUp.name == "ERP 三期")
    followUp.remind = false
    followUp.remindedDueAt = followUp.dueAt
    followUp.apply(story.change(), partition: 0)
    #expect(!followUp.remind)
  }

  @Test func aDeadlineThatWasSpokenOfIsNotAgain() throws {
    var story = Story()
    story.create()
    var followUp = try fold(story.events)
    followUp.remind = false
    followUp.remindedDueAt = followUp.dueAt
    followUp.apply(story.change(), partition: 0)
    #expect(!followUp.remind)
    story.now = Story.start.adding(days: 4)
    followUp.apply(story.move(to: "offer"), partition: 0)
    #expect(followUp.remind && followUp.dueAt == Story.start.adding(days: 7))
  }

  @Test func theNewestEventWins() throws {
    var story = Story()
    let created = story.create()
    let moved = story.move(to: "offer")
    let active = story.activity()
    var followUp = try fold([active])
    #expect(followUp.stage.isEmpty && followUp.category == nil)
    for event in [moved, created, active, moved] {
      let isNew = followUp.apply(event, partition: 3)
      #expect(!isNew)
    }
    #expect(followUp.dueAt == nil && followUp.partition == 0)
    // What was not known yet is taken from events that came late.
    #expect(followUp.stage == "offer" && followUp.name == "ERP 二期")
  }

  @Test func aRestoredDatabaseCountsAnew() throws {
    var story = Story()
    story.create()
    story.move(to: "offer")
    story.move(to: "contract")
    var followUp = try fold(story.events)
    story.epoch = 2
    story.sequence = 1
    let isNew = followUp.apply(story.move(to: "lead"), partition: 0)
    #expect(isNew)
    #expect(followUp.stage == "lead" && followUp.epoch == 2 && followUp.sequence == 2)
  }

  @Test func theNoticeOfADeadlineIsAlwaysTheSame() throws {
    var story = Story()
    story.create()
    let followUp = try fold(story.events)
    let due = try #require(followUp.dueAt)
    let notice = Notice.missedFollowUp(followUp, dueAt: due, now: due)
    let again = Notice.missedFollowUp(followUp, dueAt: due, now: due.adding(days: 1))
    #expect(notice.id == again.id)
    #expect(notice.id != Notice.missedFollowUp(followUp, dueAt: due.adding(days: 1), now: due).id)
    #expect(notice.data.message.zh.contains("ERP 二期"))
    #expect(notice.data.dueAt == due && notice.data.owner == "li.na")
    let read = try Notice.read(try notice.wireMessage(source: "/x"))
    #expect(read.isPayload)
  }
}

extension Decoded {
  fileprivate var isPayload: Bool { if case .payload = self { true } else { false } }
}
