import Contracts
import ServiceKit
import Testing

@testable import Notifier

@Suite struct FollowUpRouteTests {
  @Test func whatIsDueWhen() async throws {
    try await withAPI { api in
      var events: [StageEvent] = []
      for number in 1...5 {
        var story = Story(number, at: Story.start.adding(days: Double(number)))
        story.owner = number.isMultiple(of: 2) ? "li.na" : "wang.wei"
        story.team = number == 1 ? nil : "east"
        story.create()
        if number == 5 { story.activity() }
        events += story.events
      }
      try await api.pool.read(events)
      api.clock.advance(days: 5)

      let all = try await api.get("/v1/follow-ups", as: .viewer)
      #expect(all.status == 200 && all["next"] == .null)
      #expect(
        all["items"].items.map(\.["dueAt"].text)
          == (1...4).map { Story.start.adding(days: Double($0) + 3).description })
      #expect(all["items"].items.map(\.["overdue"]) == [true, true, false, false])
      #expect(all["items"].items[0]["team"] == .null)
      for (query, count) in [
        ("owner=li.na", 2), ("team=east", 3), ("overdue=true", 2), ("overdue=false", 2),
        ("owner=li.na&overdue=true", 1), ("pipeline=general", 4), ("pipeline=other", 0),
        ("team=", 4),
      ] {
        let answer = try await api.get("/v1/follow-ups?\(query)", as: .rep)
        #expect(answer["items"].items.count == count, "\(query)")
      }
      var found: [JSONValue] = []
      var uri = "/v1/follow-ups?limit=3"
      while true {
        let answer = try await api.get(uri)
        found += answer["items"].items
        guard let next = answer["next"].text else { break }
        uri = "/v1/follow-ups?limit=3&cursor=\(next)"
      }
      #expect(found == all["items"].items)
    }
  }

  @Test func aReminderThatWasGivenIsShown() async throws {
    try await withAPI { api in
      var story = Story()
      try await api.pool.read([story.create()])
      api.clock.advance(days: 4)
      let log = LogEnd(
        clusterID: "cluster", topic: "stage-changes", group: "group", ends: [0: 1])
      _ = try await Reminders(pool: api.pool, directory: api.pool.directory).give(
        before: api.clock.now, log, now: api.clock.now)
      let item = try await api.get("/v1/follow-ups")["items"].items[0]
      #expect(item["remindedAt"].text == api.clock.now.description)
    }
  }

  @Test func whoMayAsk() async throws {
    try await withAPI { api in
      for role in Role.allCases {
        let answer = try await api.get("/v1/follow-ups", as: role)
        #expect(answer.status == (role == .publisher ? 403 : 200))
      }
      let wrong = try await api.get("/v1/follow-ups?overdue=perhaps&cursor=1&who=me")
      #expect(
        wrong.refused == [
          "invalid-parameter overdue", "invalid-parameter cursor", "unknown-parameter who",
        ])
    }
  }
}
