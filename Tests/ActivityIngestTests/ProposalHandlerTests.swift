import Contracts
import Messaging
import Postgres
import ServiceWiring
import Testing

@testable import ActivityIngest

@Suite struct ProposalHandlerTests {
  private func withDeal(
    in stage: String = "proposal", _ body: @Sendable (Bench, History) async throws -> Void
  ) async throws {
    try await withBench { bench in
      var deal = History(1)
      deal.create(in: stage)
      try await bench.publish(Ladder.published)
      try await bench.apply(deal.events)
      try await body(bench, deal)
    }
  }

  /// Decides as the routes do.
  private func decide(
    _ bench: Bench, _ id: EntityID,
    _ decision: @escaping @Sendable (inout Proposal, Deal?) -> Proposal.Verdict
  ) async throws -> Proposal.Verdict? {
    let outcome = try await bench.proposalStore.decide(
      id, by: Bench.admin, { _ in .move }, traceparent: nil, at: Bench.now, decision)
    guard case .decided(_, let verdict) = outcome else { return nil }
    return verdict
  }

  private func reject(_ bench: Bench, _ id: EntityID) async throws -> Proposal.Verdict? {
    try await decide(bench, id) { proposal, _ in
      proposal.reject(by: "li", reason: "no", at: Bench.now)
    }
  }

  @Test func anAutomaticMoveFollowsItsActivity() async throws {
    try await withDeal { bench, deal in
      let outcome = try await bench.observe(.mail("1", "the quagga it is", deal: deal.id))
      let commands = try outcome.commands
      #expect(commands.count == 2 && outcome.outbox.count == 2)
      #expect(commands[0].activity?.id == "1")
      let move = try #require(commands[1].move)
      #expect(move.from == "proposal")
      #expect(move.to == "negotiation" && move.fields == ["by": "auto-quagga"])
      #expect(commands[1].actor == nil && commands[1].cause == "activity:/mail/1")
      let evidence = try #require(move.evidence)
      #expect(evidence.words == "quagga" && evidence.start == 4 && evidence.end == 10)
      #expect(evidence.rule == "auto-quagga" && evidence.activityId == "1")
      let sent = try await bench.proposal()
      #expect(sent.status == .sent && sent.id == evidence.proposalId && sent.from == "proposal")

      try await bench.hear(commands[0].accepted(sequence: 2), commands[1].accepted(sequence: 3))
      let moved = try await bench.proposal()
      #expect(moved.status == .moved && moved.sequence == 3)
      #expect(moved.eventID == commands[1].accepted().eventId)
      let before = try await bench.snapshot()
      try await bench.hear(commands[0].accepted(sequence: 2), commands[1].accepted(sequence: 3))
      #expect(try await bench.snapshot() == before)
    }
  }

  @Test func theGatesRefusalIsKept() async throws {
    try await withDeal { bench, deal in
      let commands = try await bench.observe(.mail("1", "quagga", deal: deal.id)).commands
      try await bench.hear(commands[0].accepted(), commands[1].refused("field-required"))
      let proposal = try await bench.proposal()
      #expect(proposal.status == .refused && proposal.errors.map(\.code) == ["field-required"])
      // The next one that asks for it makes another proposal.
      let again = try await bench.observe(.mail("2", "quagga", deal: deal.id)).commands
      #expect(again.count == 2 && again[1].id != commands[1].id)
    }
  }

  @Test func aReviewWaitsAndIsAnnounced() async throws {
    try await withDeal { bench, deal in
      let outcome = try await bench.observe(
        .mail("1", "wombat", deal: deal.id), .mail("2", "wombat", deal: deal.id))
      #expect(try outcome.commands.allSatisfy { $0.activity != nil })
      let notices = try outcome.notices
      #expect(notices.count == 1)
      let notice = try #require(notices.first)
      let proposal = try await bench.proposal()
      #expect(notice.type == .reviewRequested && notice.data.proposalId == proposal.id)
      #expect(notice.data.to == "contract" && notice.data.owner == "wang.li")
      #expect(notice.data.evidence?.words == "wombat" && notice.data.stage == "proposal")
      #expect(proposal.status == .waiting && proposal.mode == .review)
      #expect(proposal.furtherEvidence.map(\.activityId) == ["2"])
      try await bench.observe(.mail("3", "wombat", deal: deal.id))
      #expect(try await bench.proposal().furtherEvidence.map(\.activityId) == ["2", "3"])
    }
  }

  @Test func littleConfidenceAsksAPerson() async throws {
    try await withDeal { bench, deal in
      let outcome = try await bench.observe(.mail("1", "ferret", deal: deal.id))
      #expect(try outcome.commands.count == 1 && outcome.notices.count == 1)
      #expect(try await bench.proposal().status == .waiting)
    }
  }

  /// What is certain does not wait behind what a person was asked about.
  @Test(arguments: [false, true])
  func aCertainMatchNeedsNoPersonAnyMore(_ together: Bool) async throws {
    try await withDeal(in: "negotiation") { bench, deal in
      let (weak, certain) = (
        ObservedActivity.mail("1", "ferret", deal: deal.id),
        ObservedActivity.mail("2", "numbat", deal: deal.id)
      )
      let outcome: BatchOutcome
      if together {
        outcome = try await bench.observe(weak, certain)
      } else {
        try await bench.observe(weak)
        outcome = try await bench.observe(certain)
      }
      #expect(try outcome.commands.compactMap(\.move).map(\.to) == ["contract"])
      let proposals = try await bench.proposals()
      let sent = try #require(proposals.first { $0.status == .sent })
      #expect(sent.rule == "auto-numbat")
      if together {
        #expect(proposals.count == 1 && sent.furtherEvidence.map(\.activityId) == ["1"])
        #expect(try outcome.notices.isEmpty)
      } else {
        #expect(proposals.map(\.status) == [.superseded, .sent])
      }
    }
  }

  @Test func aHintIsOnlyShown() async throws {
    try await withDeal { bench, deal in
      let outcome = try await bench.observe(.mail("1", "hamster", deal: deal.id))
      #expect(try outcome.commands.count == 1 && outcome.outbox.count == 1)
      #expect(try await bench.proposal().status == .hint)
    }
  }

  @Test func aClosedDealGetsNone() async throws {
    try await withDeal { bench, deal in
      var deal = deal
      deal.move(to: "lost")
      try await bench.apply([deal.last])
      let outcome = try await bench.observe(.mail("1", "quagga wombat", deal: deal.id))
      #expect(try outcome.commands.count == 1)
      #expect(try await bench.proposals().isEmpty)
    }
  }

  @Test func everyTargetGetsOne() async throws {
    try await withDeal { bench, deal in
      let outcome = try await bench.observe(
        .mail("1", "ferret and hamster and quagga and wombat", deal: deal.id))
      let proposals = try await bench.proposals()
      #expect(proposals.map(\.to).sorted() == ["contract", "negotiation"])
      #expect(Set(proposals.map(\.evidence.confidence)).count <= 2)
      #expect(proposals.first { $0.to == "contract" }?.rule == "review-wombat")
      #expect(try outcome.notices.count == 1)
    }
  }

  @Test func theDealsOwnEventTellsToo() async throws {
    try await withDeal { bench, deal in
      var deal = deal
      let move = try await bench.observe(.mail("1", "quagga", deal: deal.id)).commands[1]
      let event = deal.move(to: "negotiation", evidence: move.move?.evidence)
      try await bench.apply([event])
      let moved = try await bench.proposal()
      #expect(moved.status == .moved && moved.eventID == event.id && moved.sequence == 2)
      try await bench.hear(move.accepted(sequence: 2, event: event.id))
      #expect(try await bench.proposal() == moved)
      // Somebody takes it back in stage-service.
      deal.revert(event, to: "proposal")
      try await bench.apply([deal.last])
      #expect(try await bench.proposal().status == .reverted)
    }
  }

  @Test func aMoveAndItsReversalMayComeTogether() async throws {
    try await withDeal { bench, deal in
      var deal = deal
      let move = try await bench.observe(.mail("1", "quagga", deal: deal.id)).commands[1]
      let event = deal.move(to: "negotiation", evidence: move.move?.evidence)
      deal.revert(event, to: "proposal")
      try await bench.apply(Array(deal.events.suffix(2)))
      #expect(try await bench.proposal().status == .reverted)
      try await bench.hear(move.accepted(sequence: 2, event: event.id))
      #expect(try await bench.proposal().status == .reverted)
    }
  }

  @Test func rejectingAfterTheMoveRevertsIt() async throws {
    try await withDeal { bench, deal in
      let commands = try await bench.observe(.mail("1", "quagga", deal: deal.id)).commands
      try await bench.hear(commands[1].accepted(sequence: 3))
      let id = try await bench.proposal().id
      guard case .changed(let command?) = try await reject(bench, id) else {
        Issue.record("nothing is sent")
        return
      }
      #expect(command.reversal?.eventId == commands[1].accepted().eventId)
      #expect(try await bench.proposal().status == .reverting)
      let queued: Int = try await bench.pool.query(
        "SELECT count(*) FROM outbox WHERE topic = $1", Topic.stageCommands.name)[0].decode(0)
      #expect(queued == 1)
      try await bench.hear(command.refused("not-the-latest-move"))
      let refused = try await bench.proposal()
      #expect(refused.status == .revertRefused && refused.errors.count == 1)
    }
  }

  @Test func rejectingBeforeTheMoveRevertsItWhenItComes() async throws {
    try await withDeal { bench, deal in
      let commands = try await bench.observe(.mail("1", "quagga", deal: deal.id)).commands
      let id = try await bench.proposal().id
      #expect(try await reject(bench, id) == .changed(nil))
      let outcome = try await bench.hear(commands[1].accepted(sequence: 3))
      let reversal = try #require(try outcome.commands.first)
      #expect(reversal.reversal?.eventId == commands[1].accepted().eventId)
      #expect(reversal.actor == "li" && reversal.reversal?.reason == "no")
      #expect(try await bench.proposal().status == .reverting)
      try await bench.hear(reversal.accepted(sequence: 4))
      #expect(try await bench.proposal().status == .reverted)
    }
  }

  @Test func aDealThatGoesElsewhereSupersedes() async throws {
    try await withDeal { bench, deal in
      var deal = deal
      try await bench.observe(.mail("1", "wombat", deal: deal.id))
      deal.set("note", "still there")
      try await bench.apply([deal.last])
      #expect(try await bench.proposal().status == .waiting)
      deal.move(to: "negotiation")
      try await bench.apply([deal.last])
      #expect(try await bench.proposal().status == .superseded)
      // From there it is another proposal.
      #expect(try await bench.observe(.mail("2", "wombat", deal: deal.id)).notices.count == 1)
    }
  }

  @Test func confirmingSendsTheMove() async throws {
    try await withDeal { bench, deal in
      try await bench.observe(.mail("1", "wombat", deal: deal.id))
      let id = try await bench.proposal().id
      let verdict = try await decide(bench, id) {
        $0.confirm(by: "li", reason: nil, deal: $1, at: Bench.now)
      }
      guard case .changed(let command?) = verdict else {
        Issue.record("nothing is sent")
        return
      }
      #expect(command.actor == "li" && command.move?.to == "contract")
      try await bench.hear(command.accepted(sequence: 3))
      #expect(try await bench.proposal().status == .moved)
      #expect(try await decide(bench, DerivedID.make("none")) { _, _ in .unchanged } == nil)
    }
  }

  @Test func wordsAboutTheNextStageWaitForTheMove() async throws {
    try await withDeal { bench, deal in
      var deal = deal
      // In one batch, as after an outage: "numbat" says something from negotiation on only.
      let commands = try await bench.observe(
        .mail("1", "quagga", deal: deal.id), .mail("2", "numbat", deal: deal.id),
        received: History.start.adding(days: 1)
      ).commands
      #expect(commands.compactMap(\.move?.to) == ["negotiation"])
      let move = try #require(commands.first { $0.move != nil })
      // The answer comes before the deal's own event, and another activity between the two.
      let event = deal.move(to: "negotiation", evidence: move.move?.evidence)
      #expect(try await bench.hear(move.accepted(sequence: 2, event: event.id)).outbox.isEmpty)
      try await bench.observe(.mail("3", "numbat", deal: deal.id))
      #expect(try await bench.proposals().count == 1)
      let outcome = try await bench.apply([event])
      #expect(try outcome.commands.map { $0.move?.to } == ["contract"])
      let proposals = try await bench.proposals()
      #expect(proposals.map(\.from) == ["proposal", "negotiation"])
      #expect(proposals[1].evidence.activityId == "2")
      #expect(proposals[1].furtherEvidence.map(\.activityId) == ["3"])
    }
  }

  @Test func wordsAboutAStageThatIsNotReachedSayNothing() async throws {
    try await withDeal { bench, deal in
      let commands = try await bench.observe(
        .mail("1", "quagga", deal: deal.id), .mail("2", "numbat", deal: deal.id)
      ).commands
      let move = try #require(commands.first { $0.move != nil })
      #expect(try await bench.hear(move.refused("field-required")).outbox.isEmpty)
      #expect(try await bench.proposal().status == .refused)
      let waiting: Int = try await bench.pool.query(
        "SELECT count(*) FROM activities WHERE NOT evaluated")[0].decode(0)
      #expect(waiting == 0)
    }
  }

  @Test func theTablesAreMeasured() async throws {
    try await withDeal { bench, deal in
      try await bench.observe(.mail("1", "wombat", deal: deal.id), .mail("2"))
      try await IngestMetrics.measure(bench.pool)
    }
  }

  @Test func proposalsAreFiltered() async throws {
    try await withDeal { bench, deal in
      var other = History(2)
      other.create()
      try await bench.apply(other.events)
      try await bench.observe(
        .mail("1", "wombat", deal: deal.id), .mail("2", "quagga", deal: other.id),
        .mail("3", "hamster", deal: deal.id))
      let store = bench.proposalStore
      #expect(try await store.list(.init(status: .waiting)).count == 1)
      #expect(try await store.list(.init(opportunityID: deal.id)).count == 2)
      #expect(try await store.list(.init(owner: "wang.li", team: "east")).count == 3)
      #expect(try await store.list(.init(owner: "nobody")).isEmpty)
      let first = try await store.list(.init(limit: 2))
      let rest = try await store.list(.init(after: first[1].position))
      #expect(first.count == 2 && rest.count == 1 && first[0].name == "Deal")
    }
  }
}
