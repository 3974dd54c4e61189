import Contracts
import Postgres
import Testing

@testable import Forecasting

@Suite struct PeopleTests {
  private static let now = History.start.adding(days: 30)

  private static func ask(
    _ question: FunnelQuestion = FunnelQuestion(pipeline: Ladder.key),
    order: People.Order = .name, of pool: PostgresPool
  ) async throws -> People {
    try await pool.transaction { transaction in
      let period = question.period(now: now)
      return People(
        try PeopleQueries.figures(question, period, now: now, in: transaction), period: period,
        order: order)
    }
  }

  private static func deal(
    _ number: Int, _ owner: String?, _ team: String? = "north", _ tell: (inout History) -> Void
  ) -> History {
    var deal = History(number)
    deal.owner = owner
    deal.team = team
    tell(&deal)
    return deal
  }

  private static let story: [History] = [
    deal(1, "ann") { deal in
      // Followed up in time, won after ten days.
      deal.followUpDueAt = History.start.adding(days: 3)
      deal.create()
      deal.followUpDueAt = nil
      deal.note(afterDays: 2)
      deal.move(to: "offer", afterDays: 2)
      deal.move(to: "won", afterDays: 6)
    },
    deal(2, "ann") { deal in
      // Missed, and still is.
      deal.followUpDueAt = History.start.adding(days: 3)
      deal.create()
    },
    deal(3, "ann") { deal in
      // Followed up too late; the deadline counts once, although two events say it.
      deal.followUpDueAt = History.start.adding(days: 3)
      deal.create()
      deal.change(afterDays: 1)
      deal.followUpDueAt = nil
      deal.note(afterDays: 4)
    },
    deal(4, "bob") { deal in
      // On hold before the deadline: that one is none.
      deal.followUpDueAt = History.start.adding(days: 3)
      deal.create()
      deal.followUpDueAt = nil
      deal.hold(true, afterDays: 1)
    },
    deal(5, "bob") { deal in
      deal.create()
      deal.move(to: "talks", afterDays: 1)
      deal.move(to: "offer", afterDays: 1)
      deal.move(to: "lost", afterDays: 1)
    },
    deal(6, nil, nil) { $0.create() },
    deal(7, "eve", "south") { deal in
      // The move, its deadline and its end are taken back.
      deal.create()
      deal.followUpDueAt = History.start.adding(days: 2)
      deal.move(to: "offer", afterDays: 1)
      deal.followUpDueAt = nil
      deal.revert(afterDays: 4)
    },
  ]

  @Test func everyPersonHasTheirFigures() async throws {
    try await withForecastingTables { pool in
      try await pool.project(Self.story.flatMap(\.events))
      let answer = try await Self.ask(of: pool)
      #expect(answer.people.map(\.owner) == [nil, "ann", "bob", "eve"])
      #expect(answer.people.map(\.team) == [nil, "north", "north", "south"])
      let ann = answer.people[1].row
      #expect(ann.openDeals == 2 && ann.won == 1 && ann.lost == 0)
      #expect(ann.advanced == 2 && ann.back == 0 && ann.activities == 2)
      #expect(ann.followUps.count == 1 && ann.followUps.total == 3)
      #expect(ann.forgotten.count == 1 && ann.forgotten.total == 2 && ann.forgotten.rate == 0.5)
      #expect(ann.dwell.endedVisits == 2 && ann.dwell.meanEndedDays == 5)
      let bob = answer.people[2].row
      #expect(bob.openDeals == 1 && bob.won == 0 && bob.lost == 1)
      #expect(bob.advanced == 1 && bob.back == 1 && bob.followUps.total == 0)
      #expect(bob.followUps.reason?.code == "no-data")
      let eve = answer.people[3].row
      #expect(eve.advanced == 0 && eve.followUps.total == 0 && eve.dwell.reason != nil)
      let north = answer.teams[1]
      #expect(north.team == "north" && north.people == 2 && north.row.openDeals == 3)
      #expect(north.row.conversion.count == 1 && north.row.conversion.total == 2)
      let byDeals = try await Self.ask(order: .deals, of: pool)
      #expect(byDeals.people.map(\.owner) == ["ann", nil, "bob", "eve"])
    }
  }

  @Test func filtersAndEarlierTimes() async throws {
    try await withForecastingTables { pool in
      try await pool.project(Self.story.flatMap(\.events))
      let north = try await Self.ask(
        FunnelQuestion(pipeline: Ladder.key, team: "north"), of: pool)
      #expect(north.people.map(\.owner) == ["ann", "bob"])
      // As of now the events say what the current rows do.
      for question in [
        FunnelQuestion(pipeline: Ladder.key, asOf: Self.now),
        FunnelQuestion(pipeline: Ladder.key, knownAt: Self.now),
      ] {
        let now = try await Self.ask(of: pool)
        let then = try await Self.ask(question, of: pool)
        #expect(then.people.map(\.row.forgotten.count) == now.people.map(\.row.forgotten.count))
        #expect(then.table.rows == now.table.rows)
      }
      let early = try await Self.ask(
        FunnelQuestion(
          pipeline: Ladder.key, owner: "ann", asOf: History.start.adding(days: 4.5)), of: pool)
      #expect(early.people.map(\.row.openDeals) == [3])
      #expect(early.people.map(\.row.forgotten.count) == [2])
      // Before the reversal was known, eve had missed the deadline of the move.
      let known = try await Self.ask(
        FunnelQuestion(
          pipeline: Ladder.key, owner: "eve", knownAt: History.start.adding(days: 3)), of: pool)
      #expect(known.people.map(\.row.followUps.total) == [1])
      #expect(known.people.map(\.row.advanced) == [1])
      let nobody = try await Self.ask(
        FunnelQuestion(pipeline: Ladder.key, owner: "nobody"), of: pool)
      #expect(nobody.people.isEmpty && nobody.reason?.code == "no-data")
    }
  }

  @Test func luckIsDrawnTowardsTheTeam() async throws {
    try await withForecastingTables { pool in
      var number = 0
      var deals: [History] = []
      func close(_ owner: String, won: Int, lost: Int) {
        for index in 0..<(won + lost) {
          number += 1
          deals.append(
            Self.deal(number, owner) { deal in
              deal.create()
              deal.move(to: index < won ? "won" : "lost", afterDays: 2)
            })
        }
      }
      close("lucky", won: 2, lost: 0)
      for name in ["a", "b", "c"] { close(name, won: 20, lost: 20) }
      close("able", won: 58, lost: 2)
      try await pool.project(deals.flatMap(\.events))
      let answer = try await Self.ask(of: pool)
      #expect(answer.people.map(\.owner) == ["a", "able", "b", "c", "lucky"])
      let lucky = answer.people[4]
      #expect(lucky.row.conversion.rate == 1)
      let rate = try #require(lucky.shrunk.rate)
      #expect(rate < 0.9 && lucky.shrunk.verdict == "cannot-tell")
      let able = try #require(answer.people[1].shrunk.rate)
      #expect(able > rate && answer.people[1].shrunk.verdict == "higher")
    }
  }
}
