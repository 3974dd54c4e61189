import Contracts
import Messaging
import Postgres
import ServiceWiring
import TestSupport
import Testing

@testable import Notifier

/// A subscription hears of the deals that the person whose it is may see when they change.
@Suite struct AudienceTests {
  private func story(_ number: Int, owner: String?, team: String?) -> Story {
    var story = Story(number)
    story.owner = owner
    story.team = team
    return story
  }

  @Test func eventsGoToWhoMaySeeTheDeal() async throws {
    try await withNotifierTables { pool in
      try await Staff.fill(pool)
      var ids: [String: EntityID] = [:]
      for person in ["wang.li", "sun.fei", "zhou.ting", "gu.wen", "ghost"] {
        ids[person] = try await pool.subscribe(boundTo: person)
      }
      let whole = try await pool.subscribe()
      let narrow = try await pool.subscribe(
        filter: EventFilter(owner: ["he.yan"]), boundTo: "wang.li")
      let deals = [
        story(1, owner: "li.na", team: "east"), story(2, owner: "chen.hao", team: nil),
        story(3, owner: "he.yan", team: "west"), story(4, owner: nil, team: "east-1"),
        story(5, owner: nil, team: nil),
      ]
      try await pool.read(
        deals.map {
          var story = $0
          return story.create()
        })
      func heard(_ id: EntityID?) async throws -> Set<Int> {
        let id = try #require(id)
        let found = try await pool.deliveries(to: id).map(\.opportunityID)
        return Set(deals.indices.filter { found.contains(deals[$0].id) }.map { $0 + 1 })
      }
      #expect(try await heard(ids["wang.li"]) == [1, 2, 4])
      #expect(try await heard(ids["sun.fei"]) == [3])
      #expect(try await heard(ids["zhou.ting"]) == [1, 2, 3, 4])
      #expect(try await heard(ids["gu.wen"]) == [])
      #expect(try await heard(ids["ghost"]) == [1, 2, 3, 4, 5], "the directory knows no ghost")
      #expect(try await heard(whole) == [1, 2, 3, 4, 5])
      #expect(try await heard(narrow) == [], "a filter widens nothing")
    }
  }

  @Test func theDirectoryOfTheMomentDecides() async throws {
    try await withNotifierTables { pool in
      try await Staff.fill(pool)
      let id = try await pool.subscribe(boundTo: "wang.li")
      var deal = story(1, owner: "gu.wen", team: nil)
      try await pool.read([deal.create()])
      // gu.wen reports to sun.fei from now on.
      try await Staff.put(Staff.person("gu.wen", manager: "sun.fei") { $0.version = 2 }, in: pool)
      deal.now = deal.now.adding(seconds: 1)
      try await pool.read([deal.move(to: "offer")])
      deal.now = deal.now.adding(seconds: 1)
      deal.owner = "li.na"
      try await pool.read([deal.change(FieldChange(field: "owner", old: "gu.wen", new: "li.na"))])
      try await Staff.put(
        Staff.person("wang.li", team: "east") {
          $0.version = 2
          $0.active = false
        }, in: pool)
      try await pool.read([deal.move(to: "talks")])
      #expect(
        try await pool.types(to: id) == [
          StageEventType.created.rawValue, StageEventType.changed.rawValue,
        ])
    }
  }

  @Test func noticesGoToWhoMaySeeTheDeal() async throws {
    try await withNotifierTables { pool in
      try await Staff.fill(pool)
      let east = try await pool.subscribe(boundTo: "wang.li")
      let west = try await pool.subscribe(boundTo: "sun.fei")
      let review = Notice(
        id: .v7(at: Story.start, entropy: (1, 1)), type: .reviewRequested,
        data: NoticeData(
          opportunityId: Story().id, pipeline: "general", stage: "lead", owner: "he.yan",
          team: "west", recordedAt: Story.start,
          message: LocalizedText(zh: "请确认", en: "please confirm")))
      try await pool.handle(
        NoticeStream(directory: pool.directory),
        [try review.wireMessage(source: "/sluice/activity-ingest")])
      var deal = story(2, owner: "li.na", team: "east")
      try await pool.read([deal.create()])
      let log = LogEnd(
        clusterID: "cluster", topic: "stage-changes", group: "group", ends: [0: 0])
      let later = Story.start.adding(days: 4)
      #expect(
        try await Reminders(pool: pool, directory: pool.directory).give(
          before: later, log, now: later) == 1)
      #expect(
        try await pool.types(to: east) == [
          StageEventType.created.rawValue, NoticeType.followUpMissed.rawValue,
        ])
      #expect(try await pool.types(to: west) == [NoticeType.reviewRequested.rawValue])
    }
  }

  @Test func whatIsOfNoDealIsForEverybodyWhoIsThere() {
    var directory = Directory()
    for person in Staff.people { directory.set(person) }
    directory.set(Staff.person("li.na") { $0.active = false })
    let event = OutgoingEvent(
      id: Story().id, type: "x", source: "/test", occurredAt: Story.start,
      recordedAt: Story.start, opportunityID: nil,
      subject: EventSubject(pipeline: "general", stages: []), data: [])
    #expect(Audience(of: "he.yan", in: directory).includes(event))
    #expect(Audience(of: "ghost", in: directory).includes(event))
    #expect(!Audience(of: "li.na", in: directory).includes(event))
  }
}
