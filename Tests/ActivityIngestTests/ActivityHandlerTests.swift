import Contracts
import Messaging
import Testing

@testable import ActivityIngest

@Suite struct ActivityHandlerTests {
  /// A bench with the pipeline and one open deal in `proposal`.
  private func withDeal(
    fields: [String: JSONValue] = [:], _ body: @Sendable (Bench, History) async throws -> Void
  ) async throws {
    try await withBench { bench in
      var deal = History(1, externalID: "CRM-1")
      deal.create(fields: fields)
      try await bench.publish(Ladder.published)
      try await bench.apply(deal.events)
      try await body(bench, deal)
    }
  }

  @Test func aMatchedActivityIsRecorded() async throws {
    try await withDeal { bench, deal in
      let activity = ObservedActivity.mail("1", "您好", deal: deal.id)
      let outcome = try await bench.observe(activity)
      #expect(outcome.applied == 1 && outcome.deadLetters.isEmpty)
      let commands = try outcome.commands
      #expect(commands.count == 1 && outcome.outbox.count == 1)
      let command = try #require(commands.first)
      #expect(command.opportunityId == deal.id && command.actor == nil)
      #expect(command.cause == "activity:/mail/1")
      let record = try #require(command.activity)
      #expect(record.source == "/mail" && record.id == "1" && record.summary == "您好")
      #expect(record.at == activity.time && record.direction == .inbound)
      #expect(outcome.outbox[0].wire.key == Array(deal.id.description.utf8))

      let result = try await bench.hear(command.accepted(sequence: 2))
      #expect(result.applied == 1 && result.outbox.isEmpty)
      let standing = try await bench.standing(activity)
      #expect(standing.state == .recorded && standing.sequence == 2)
      #expect(standing.opportunityID == deal.id && standing.matchedBy == .opportunityID)
    }
  }

  @Test func aRepeatedActivityChangesNothing() async throws {
    try await withDeal { bench, deal in
      let activity = ObservedActivity.mail("1", "quagga", deal: deal.id)
      try await bench.observe(activity, activity)
      let before = try await bench.snapshot()
      var changed = activity
      changed.observation.text = "other words"
      let outcome = try await bench.observe(activity, changed)
      #expect(outcome.applied == 0 && outcome.duplicates == 2 && outcome.outbox.isEmpty)
      #expect(try await bench.snapshot() == before)
      // The same id of another source is another activity.
      var other = activity
      other.source = "/chat"
      #expect(try await bench.observe(other).applied == 1)
    }
  }

  /// Two publishers bring the same activities at the same moment, in different orders.
  @Test func theSameActivityOnTwoPartitionsCountsOnce() async throws {
    try await withDeal { bench, deal in
      let activities = (1...200).map { ObservedActivity.mail("\($0)", deal: deal.id) }
      let wires = try activities.map { try $0.wireMessage(source: "/mail") }
      async let one = bench.handle(.activities, wires)
      async let two = bench.handle(.activities, wires.reversed())
      let outcomes = try await [one, two]
      #expect(outcomes.map(\.applied).reduce(0, +) == 200)
      #expect(outcomes.map(\.duplicates).reduce(0, +) == 200)
      #expect(try outcomes.flatMap { try $0.commands }.count == 200)
    }
  }

  @Test func referencesAreTried() async throws {
    try await withDeal(fields: ["contacts": .array([.object(["phone": "+86 138 0013 8000"])])]) {
      bench, deal in
      let outcome = try await bench.observe(
        .mail("1", externalID: "CRM-1"), .mail("2", phone: "13800138000"),
        .mail("3", email: "nobody@b.cn"), .mail("4", externalID: "CRM-2"), .mail("5"),
        .mail("6", deal: History(2).id))
      #expect(try outcome.commands.map { $0.activity?.id } == ["1", "2"])
      #expect(try outcome.commands.allSatisfy { $0.opportunityId == deal.id })
      let rows = try await bench.unmatched()
      #expect(rows.map(\.activity.id) == ["3", "4", "5", "6"])
      #expect(
        rows.map(\.unmatched.reason) == [
          .noSuchContact, .noSuchExternalID, .noReference, .noSuchOpportunity,
        ])
    }
  }

  @Test func aContactOfSeveralDealsIsNoGuess() async throws {
    try await withDeal(fields: ["email": "a@b.cn"]) { bench, one in
      var two = History(2)
      two.create(fields: ["buyerMail": "A@B.cn"])
      var lost = History(3)
      lost.create(fields: ["email": "c@b.cn"])
      lost.move(to: "lost")
      try await bench.apply(two.events + lost.events)
      let outcome = try await bench.observe(
        .mail("1", email: "a@b.cn"), .mail("2", email: "c@b.cn"))
      #expect(outcome.outbox.isEmpty)
      let rows = try await bench.unmatched()
      #expect(rows.map(\.unmatched.reason) == [.severalOpportunities, .noSuchContact])
      #expect(rows[0].unmatched.candidates == [one.id, two.id].sorted())
      // That one of them is closed makes nothing clearer.
      two.move(to: "lost")
      #expect(try await bench.apply([two.last]).outbox.isEmpty)
      #expect(try await bench.unmatched().count == 2)
    }
  }

  @Test func poisonIsBuriedAndTheRestGoesOn() async throws {
    try await withDeal { bench, deal in
      func wire(_ data: String, type: String = ObservedActivity.type, id: String = "x")
        -> WireMessage
      {
        CloudEvent(id: id, source: "/mail", type: type).binary(key: "k", data: Array(data.utf8))
      }
      var long = ObservedActivity.mail("long", deal: deal.id)
      long.observation.kind = String(repeating: "k", count: 501)
      let good = ObservedActivity.mail("good", deal: deal.id)
      let outcome = try await bench.handle(
        .activities,
        [
          wire("{"), wire("{}"), wire(#"{"kind":""}"#), wire(#"{"kind":"call","text":"\u0000"}"#),
          wire(#"{"kind":" "}"#), try long.wireMessage(source: "/mail"),
          wire(#"{"kind":"call"}"#, type: "somebody.else.v1"),
          WireMessage(key: nil, value: nil, headers: []),
          WireMessage(key: nil, value: [1], headers: []), try good.wireMessage(source: "/mail"),
        ])
      #expect(outcome.deadLetters.count == 7 && outcome.applied == 1)
      #expect(outcome.unknownTypes == 1 && outcome.tombstones == 1)
      #expect(outcome.deadLetters.contains { $0.failure.reason.contains("/kind") })
      #expect(try outcome.commands.map { $0.activity?.id } == ["good"])
    }
  }

  @Test func theTraceGoesOn() async throws {
    try await withDeal { bench, deal in
      let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
      let activity = ObservedActivity.mail("1", "quagga", deal: deal.id)
      let outcome = try await bench.handle(
        .activities, [try activity.wireMessage(source: "/mail", traceparent: trace)])
      #expect(outcome.outbox.count == 2)
      for message in outcome.outbox {
        let header = try #require(message.wire.header("ce_traceparent"))
        #expect(header.contains("0af7651916cd43dd8448eb211c80319c") && header != trace)
      }
    }
  }

  @Test func aRefusedRecordingComesBack() async throws {
    try await withDeal { bench, deal in
      let gone = ObservedActivity.mail("gone", "wombat", deal: deal.id)
      let bad = ObservedActivity.mail("bad", deal: deal.id)
      let commands = try await bench.observe(gone, bad).commands
      try await bench.hear(commands[0].refused("not-found"), commands[1].refused("too-long"))
      let rows = try await bench.unmatched()
      #expect(rows.map(\.activity.id).sorted() == ["bad", "gone"])
      #expect(try await bench.standing(gone).unmatched?.reason == .noSuchOpportunity)
      let refused = try await bench.standing(bad)
      #expect(refused.unmatched?.reason == .recordRefused && refused.state == .unmatched)
      #expect(refused.unmatched?.errors.map(\.code) == ["too-long"])
      #expect(try await bench.proposal().status == .superseded)
      // An answer that comes twice changes nothing.
      let before = try await bench.snapshot()
      try await bench.hear(commands[0].refused("not-found"), commands[1].accepted())
      #expect(try await bench.snapshot() == before)
      // The deal is heard of again: another attempt, under another command.
      var again = deal
      again.set("note", "back")
      let retried = try await bench.apply([again.last]).commands
      #expect(retried.map { $0.activity?.id } == ["gone"])
      #expect(retried[0].id != commands[0].id)
    }
  }

  @Test func resultsOfOthersAreSkipped() async throws {
    try await withDeal { bench, deal in
      let before = try await bench.snapshot()
      let outcome = try await bench.handle(
        .commandResults,
        [
          try CommandResult(
            commandId: DerivedID.make("another"), opportunityId: deal.id, outcome: .accepted,
            sequence: 5
          ).wireMessage(source: "test"),
          WireMessage(key: nil, value: [], headers: []),
        ])
      #expect(outcome.applied == 0 && outcome.deadLetters.count == 1)
      #expect(try await bench.snapshot() == before)
    }
  }
}
