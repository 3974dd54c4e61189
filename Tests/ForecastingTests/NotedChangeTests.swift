import Contracts
import Postgres
import Testing

@testable import Forecasting

@Suite struct NotedChangeTests {
  private static let now = History.start.adding(days: 30)

  private static func note(_ field: String, _ old: JSONValue, _ new: JSONValue) -> NotedChange? {
    NotedChange(FieldChange(field: field, old: old, new: new))
  }

  @Test func whatIsNotedOfAChange() {
    let day = CalendarDay("2026-04-01")
    #expect(
      Self.note("expectedClose", "2026-03-01", "2026-04-01")
        == NotedChange(
          kind: .expectedClose, isSet: true, day: day, formerDay: CalendarDay("2026-03-01")))
    #expect(
      Self.note("expectedClose", "2026-04-01", .null)
        == NotedChange(kind: .expectedClose, isSet: false, formerDay: day))
    #expect(Self.note("expectedClose", .null, "soon")?.isSet == false)
    #expect(
      Self.note("checklist.offer.map.v2", .null, .object(["by": "ann"]))
        == NotedChange(kind: .checklist, stage: "offer", item: "map.v2", isSet: true))
    #expect(Self.note("checklist.offer.map", .object([:]), .null)?.isSet == false)
    #expect(
      Self.note("feedback.offer", .null, .object(["score": 4, "explicit": .boolean(false)]))
        == NotedChange(kind: .feedback, stage: "offer", isSet: true, score: 4, isExplicit: false))
    let unscored = Self.note("feedback.offer", .null, .object(["score": 9]))
    #expect(unscored?.score == nil && unscored?.isExplicit == true)
    for field in ["name", "hold", "checklist.offer", "feedback.a.b", "expectedClose.x", ""] {
      #expect(Self.note(field, .null, "2026-04-01") == nil, "\(field)")
    }
  }

  @Test func eventsAreNotedOnceAndGoWithThoseThatNeverWere() async throws {
    try await withForecastingTables { pool in
      var deal = History(1)
      deal.create(expectedClose: "2026-04-01")
      deal.change("checklist.lead.call", to: .object([:]), afterDays: 1)
      deal.change("feedback.lead", to: .object(["score": 3]), afterDays: 1)
      try await pool.project(deal.events)
      try await pool.project(deal.events)
      #expect(try await pool.count("noted_changes") == 3)
      deal.restore(losing: 1)
      deal.note()
      try await pool.project([deal.last])
      let kinds = try await pool.query("SELECT kind FROM noted_changes ORDER BY sequence")
      #expect(
        try kinds.map { try $0.decode(0, as: String.self) } == ["expected-close", "checklist"])
    }
  }

  @Test func slippedAndPushedDeals() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      func deal(_ number: Int, _ expected: String?, _ tell: (inout History) -> Void) -> History {
        var deal = History(number)
        deal.create(expectedClose: expected)
        tell(&deal)
        return deal
      }
      let deals = [
        // Won as expected; not closed when expected; put off twice and then won; not due yet.
        deal(1, "2026-03-10") { $0.move(to: "won", afterDays: 5) },
        deal(2, "2026-03-10") { _ in },
        deal(3, "2026-03-05") { deal in
          deal.change("expectedClose", from: "2026-03-05", to: "2026-03-15", afterDays: 2)
          deal.change("expectedClose", from: "2026-03-15", to: "2026-03-19", afterDays: 2)
          deal.change("expectedClose", from: "2026-03-19", to: "2026-03-18", afterDays: 1)
          deal.move(to: "won", afterDays: 10)
        },
        deal(4, "2027-01-01") { _ in }, deal(5, nil) { _ in },
      ]
      try await pool.project(deals.flatMap(\.events))
      func ask(_ question: FunnelQuestion) async throws -> Velocity.ExpectedCloses {
        try await pool.transaction { transaction in
          let period = question.period(now: Self.now)
          return Velocity(
            try VelocityQueries.sums(question, period, stages: [], in: transaction),
            period: period, targetMinor: nil
          ).expectedCloses
        }
      }
      let all = try await ask(FunnelQuestion(pipeline: Ladder.key))
      #expect(all.due == 3 && all.slipped == 1 && all.pushedDeals == 1 && all.pushes == 2)
      #expect(all.meanPushDays == 7 && abs((all.slippedShare ?? 0) - 1.0 / 3) < 1e-12)
      // By the 12th the deal that was put off had not closed either.
      let early = try await ask(
        FunnelQuestion(pipeline: Ladder.key, to: Instant("2026-03-12T00:00:00Z")))
      #expect(early.due == 3 && early.slipped == 2)
      let later = try await ask(
        FunnelQuestion(pipeline: Ladder.key, from: Instant("2026-03-12T00:00:00Z")))
      #expect(later.due == 1 && later.slipped == 0 && later.pushes == 0)
      let known = try await ask(
        FunnelQuestion(pipeline: Ladder.key, knownAt: History.start.adding(days: 2.5)))
      #expect(known.pushes == 1)
      let nobody = try await ask(FunnelQuestion(pipeline: Ladder.key, team: "nobody"))
      #expect(nobody.due == 0 && nobody.reason?.code == "no-data" && nobody.meanPushDays == nil)
    }
  }

  @Test func checklistsOfTheStagesThatWereLeft() async throws {
    try await withForecastingTables { pool in
      var definition = Ladder.definition
      definition.stages[0].checklist = ["call", "map"].map {
        ChecklistItem(key: $0, name: LocalizedText(zh: $0, en: $0))
      }
      try await pool.publish(Ladder.version(1, definition))
      var half = History(1)
      half.create()
      half.change("checklist.lead.call", to: .object([:]), afterDays: 1)
      half.change("checklist.lead.map", to: .object([:]), afterDays: 1)
      half.change("checklist.lead.map", from: .object([:]), to: .null, afterDays: 1)
      half.change("checklist.lead.other", to: .object([:]))
      half.move(to: "offer", afterDays: 1)
      // Too late.
      half.change("checklist.lead.map", to: .object([:]), afterDays: 1)
      var none = History(2)
      none.owner = "bob"
      none.create()
      none.move(to: "lost", afterDays: 1)
      var stays = History(3)
      stays.create()
      try await pool.project(half.events + none.events + stays.events)
      for question in [
        FunnelQuestion(pipeline: Ladder.key),
        FunnelQuestion(pipeline: Ladder.key, knownAt: Self.now),
      ] {
        let figures = try await pool.transaction {
          try PeopleQueries.figures(
            question, question.period(now: Self.now), now: Self.now, in: $0)
        }
        let ann = figures[People.Key(team: "north", owner: "ann")]
        let bob = figures[People.Key(team: "north", owner: "bob")]
        #expect(ann?.ticked == 1 && ann?.items == 2)
        #expect(bob?.ticked == 0 && bob?.items == 2)
      }
    }
  }

  @Test func feedbackByStage() async throws {
    try await withForecastingTables { pool in
      try await pool.publish(Ladder.published)
      var deal = History(1)
      deal.create()
      deal.change("feedback.lead", to: .object(["score": 2]), afterDays: 1)
      deal.change("feedback.lead", to: .object(["score": 4]), afterDays: 1)
      deal.change(
        "feedback.gone", to: .object(["text": "fine", "explicit": .boolean(false)]), afterDays: 1)
      deal.change("feedback.lead", from: .object(["score": 4]), to: .null, afterDays: 1)
      try await pool.project(deal.events)
      func ask(_ question: FunnelQuestion) async throws -> Feedback {
        try await pool.transaction { transaction in
          try Feedback.read(
            question, question.period(now: Self.now),
            stages: FunnelStage.all(of: Ladder.key, in: transaction), in: transaction)
        }
      }
      let all = try await ask(FunnelQuestion(pipeline: Ladder.key))
      #expect(all.stages.map(\.stage) == ["lead", "offer", "talks", "won", "lost", "gone"])
      let lead = all.stages[0]
      #expect(lead.statements == 2 && lead.explicit == 2 && lead.scores == [0, 1, 0, 1, 0])
      #expect(lead.mean.value == 3 && lead.mean.low! < 3 && lead.mean.high! > 3)
      #expect(all.stages[5].statements == 1 && all.stages[5].explicit == 0)
      #expect(all.stages[5].mean.reason?.code == "no-data" && all.stages[1].statements == 0)
      let known = try await ask(
        FunnelQuestion(pipeline: Ladder.key, knownAt: History.start.adding(days: 1)))
      #expect(known.stages[0].statements == 1 && known.stages[0].mean.value == 2)
      let nobody = try await ask(FunnelQuestion(pipeline: Ladder.key, owner: "nobody"))
      #expect(nobody.reason?.code == "no-data")
    }
  }
}
