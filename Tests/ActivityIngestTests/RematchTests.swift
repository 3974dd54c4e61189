import Contracts
import Messaging
import Postgres
import Testing

@testable import ActivityIngest

@Suite struct RematchTests {
  @Test func whatWaitedForADealIsGivenToIt() async throws {
    try await withBench { bench in
      var deal = History(1, externalID: "CRM-1")
      deal.create(fields: ["email": "a@b.cn"])
      try await bench.observe(
        .mail("1", deal: deal.id), .mail("2", externalID: "CRM-1"), .mail("3", email: "a@b.cn"),
        .mail("4", deal: History(2).id))
      let outcome = try await bench.apply(deal.events)
      #expect(try outcome.commands.map { $0.activity?.id } == ["1", "2", "3"])
      #expect(try await bench.unmatched().map(\.activity.id) == ["4"])
      #expect(try await bench.standing(.mail("2")).matchedBy == .externalID)
      let before = try await bench.snapshot()
      #expect(try await bench.apply(deal.events).outbox.isEmpty)
      #expect(try await bench.snapshot() == before)
    }
  }

  @Test func aContactDoesNotMeanADealOfLater() async throws {
    try await withBench { bench in
      var deal = History(1, at: History.start.adding(days: 1))
      deal.create(fields: ["email": "a@b.cn"])
      try await bench.observe(.mail("before", email: "a@b.cn"), received: History.start)
      try await bench.observe(
        .mail("meanwhile", email: "a@b.cn"), received: History.start.adding(days: 1))
      let outcome = try await bench.apply(deal.events)
      #expect(try outcome.commands.map { $0.activity?.id } == ["meanwhile"])
      // Whichever of the two is read first.
      try await bench.observe(.mail("late", email: "a@b.cn"), received: History.start)
      #expect(try await bench.unmatched().map(\.activity.id) == ["before", "late"])
    }
  }

  @Test func aContactThatIsEnteredLaterIsKnownFromThen() async throws {
    try await withBench { bench in
      var deal = History(1)
      deal.create(fields: ["email": "old@b.cn"])
      try await bench.apply(deal.events)
      try await bench.observe(.mail("1", email: "new@b.cn"))
      deal.set("email", "new@b.cn")
      #expect(try await bench.apply([deal.last]).commands.map { $0.activity?.id } == ["1"])
      // The old one is forgotten.
      #expect(try await bench.observe(.mail("2", email: "old@b.cn")).outbox.isEmpty)
      deal.set("email", .null)
      try await bench.apply([deal.last])
      #expect(try await bench.observe(.mail("3", email: "new@b.cn")).outbox.isEmpty)
    }
  }

  /// However many wait: all are given to it, in the order in which they came.
  @Test func moreThanOneRoundIsGivenToIt() async throws {
    try await withBench { bench in
      for hundred in 0..<11 {
        let mails = try (0..<100).map {
          try ObservedActivity.mail("\(hundred * 100 + $0)", email: "a@b.cn")
            .wireMessage(source: "/mail")
        }
        try await bench.handle(.activities, mails)
      }
      try await bench.observe(.mail("other", email: "c@b.cn"))
      var deal = History(1)
      deal.create(fields: ["email": "a@b.cn"])
      let commands = try await bench.apply(deal.events).commands
      #expect(commands.map { $0.activity?.id } == (0..<1_100).map { "\($0)" })
      #expect(try await bench.unmatched().map(\.activity.id) == ["other"])
    }
  }

  /// What waits is looked at when a deal becomes known by something, not at each of its events.
  @Test func anEventThatTellsNothingNewLooksForNothing() async throws {
    try await withBench { bench in
      var deal = History(1)
      deal.create(fields: ["email": "a@b.cn"])
      try await bench.apply(deal.events)
      try await bench.observe(.mail("1", email: "a@b.cn"), received: History.start.adding(days: -1))
      let before = try await bench.unmatched().map(\.position)
      // The row shows whether it was written: a statement on it would give it another place.
      let place = "SELECT ctid::text FROM unmatched"
      let row = try await bench.pool.query(place)[0].decode(0, as: String.self)
      deal.set("budget", 7)
      deal.move(to: "negotiation")
      try await bench.apply(Array(deal.events.dropFirst()))
      #expect(try await bench.unmatched().map(\.position) == before)
      #expect(try await bench.pool.query(place)[0].decode(0, as: String.self) == row)
      // Nor does one that makes it known anew, as the activity is older than the deal.
      deal.set("mail", "a@b.cn")
      try await bench.apply([deal.last])
      #expect(try await bench.pool.query(place)[0].decode(0, as: String.self) == row)
    }
  }

  @Test func severalDealsAreExplained() async throws {
    try await withBench { bench in
      try await bench.observe(.mail("1", email: "a@b.cn"))
      var (one, two) = (History(1), History(2))
      one.create(fields: ["email": "a@b.cn"])
      two.create(fields: ["email": "a@b.cn"])
      #expect(try await bench.apply(one.events + two.events).outbox.isEmpty)
      let row = try #require(try await bench.unmatched().first)
      #expect(row.unmatched.reason == .severalOpportunities)
      #expect(row.unmatched.candidates == [one.id, two.id].sorted())
    }
  }

  @Test func eventsOutOfOrderWait() async throws {
    try await withBench { bench in
      var deal = History(1)
      deal.create()
      deal.move(to: "negotiation")
      deal.move(to: "contract")
      try await bench.observe(.mail("1", deal: deal.id))
      let early = try await bench.apply([deal.events[2], deal.events[1]])
      #expect(early.parked == 2 && early.outbox.isEmpty)
      let outcome = try await bench.apply([deal.events[0]])
      #expect(outcome.unparked == 2 && outcome.applied == 3)
      #expect(try outcome.commands.count == 1)
      let id = deal.id
      let known = try await bench.pool.transaction { try DealTables.find([id], in: $0) }
      #expect(known[id]?.stage == "contract" && known[id]?.sequence == 3)
    }
  }

  @Test func anEventThatCannotBeIsBuried() async throws {
    try await withBench { bench in
      var deal = History(1)
      var created = deal.create()
      created.data.sequence = 2
      var negative = deal.events[0]
      negative.data.epoch = -1
      var nowhere = deal.events[0]
      nowhere.data.to = nil
      var homeless = deal.events[0]
      homeless.data.toCategory = nil
      var version = deal.events[0]
      version.data.pipelineVersion = .max
      let outcome = try await bench.apply([created, negative, nowhere, homeless, version])
      #expect(outcome.deadLetters.count == 5 && outcome.applied == 0)
      var null = deal.events[0]
      null.data.name = "\0"
      #expect(try await bench.apply([null]).deadLetters.count == 1)
      #expect(try await bench.apply(deal.events).applied == 1)
    }
  }

  /// Activities and the creations of their deals at the same moment, on other connections: each
  /// finds its deal, whoever is first.
  @Test func nothingPassesUnseen() async throws {
    try await withBench { bench in
      let deals = (1...40).map { number -> History in
        var deal = History(UInt64(number))
        deal.create(fields: ["email": .string("p\(number)@b.cn")])
        return deal
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for deal in deals {
          group.addTask { try await bench.apply(deal.events) }
        }
        for (index, deal) in deals.enumerated() {
          group.addTask {
            try await bench.observe(
              .mail("id-\(index)", deal: deal.id),
              .mail("mail-\(index)", email: "p\(index + 1)@b.cn"))
          }
        }
        try await group.waitForAll()
      }
      #expect(try await bench.unmatched().isEmpty)
      let matched: Int = try await bench.pool.query(
        "SELECT count(*) FROM activities WHERE state = 'matched'")[0].decode(0)
      #expect(matched == 80)
    }
  }

  @Test func theRulesWaitForThePipeline() async throws {
    try await withBench { bench in
      var deal = History(1)
      deal.create()
      try await bench.apply(deal.events)
      let first = try await bench.observe(.mail("1", "quagga", deal: deal.id))
      #expect(try first.commands.count == 1)
      let outcome = try await bench.publish(Ladder.published)
      #expect(try outcome.commands.map { $0.move?.to } == ["negotiation"])
      #expect(try await bench.publish(Ladder.published).outbox.isEmpty)
      #expect(try await bench.proposal().status == .sent)
    }
  }

  @Test func aPipelineThatCannotBeIsBuried() async throws {
    try await withBench { bench in
      var (early, long) = (Ladder.published, Ladder.published)
      early.version = 0
      long.key = String(repeating: "k", count: 600)
      let outcome = try await bench.publish(early, long, Ladder.published)
      #expect(outcome.deadLetters.count == 2 && outcome.applied == 1)
    }
  }
}
