import Contracts
import Messaging
import Postgres
import Testing

@testable import ActivityIngest

/// A duplicate that became part of another deal: what is meant for it goes to that one.
@Suite struct MergeTests {
  private func two() -> (duplicate: History, survivor: History) {
    var (duplicate, survivor) = (History(1, externalID: "CRM-1"), History(2))
    duplicate.create(fields: ["email": "a@b.cn"])
    survivor.create(in: "negotiation", fields: ["email": "c@d.cn"])
    duplicate.merge(into: survivor)
    return (duplicate, survivor)
  }

  @Test func everyReferenceToTheDuplicateLeadsToTheDealThatStays() async throws {
    try await withBench { bench in
      let (duplicate, survivor) = two()
      try await bench.publish(Ladder.published)
      try await bench.apply(duplicate.events + survivor.events)
      let outcome = try await bench.observe(
        .mail("1", deal: duplicate.id), .mail("2", externalID: "CRM-1"),
        .mail("3", email: "a@b.cn"), .mail("4", "numbat", email: "c@d.cn"))
      #expect(try outcome.commands.allSatisfy { $0.opportunityId == survivor.id })
      #expect(
        try outcome.commands.map { $0.activity?.id ?? $0.move?.to } == [
          "1", "2", "3", "4", "contract",
        ])
      #expect(try await bench.standing(.mail("3")).matchedBy == .contact)
    }
  }

  @Test func overSeveralMerges() async throws {
    try await withBench { bench in
      var (first, second) = two()
      var third = History(3)
      third.create()
      second.merge(into: third)
      // The last merge is known before the first one.
      try await bench.apply(second.events + third.events)
      try await bench.apply(first.events)
      first.set("phone", "13800138000")
      try await bench.apply([first.last])
      let outcome = try await bench.observe(
        .mail("1", deal: first.id), .mail("2", phone: "13800138000"), .mail("3", email: "c@d.cn"))
      #expect(try outcome.commands.map(\.opportunityId) == [third.id, third.id, third.id])
    }
  }

  /// A mail that might have belonged to either waits for nobody once one of them is left.
  @Test func ofTwoDealsOneIsLeft() async throws {
    try await withBench { bench in
      var (one, two) = (History(1), History(2))
      one.create(fields: ["email": "a@b.cn"])
      two.create(fields: ["email": "a@b.cn"])
      try await bench.apply(one.events + two.events)
      try await bench.observe(.mail("1", email: "a@b.cn"))
      #expect(try await bench.unmatched().map(\.unmatched.reason) == [.severalOpportunities])
      let outcome = try await bench.apply([one.merge(into: two)])
      #expect(try outcome.commands.map(\.opportunityId) == [two.id])
      #expect(try await bench.unmatched().isEmpty)
    }
  }

  @Test func aClosedDealThatStaysGetsNoContacts() async throws {
    try await withBench { bench in
      var (duplicate, survivor) = two()
      survivor.move(to: "won")
      try await bench.apply(duplicate.events + survivor.events)
      try await bench.observe(.mail("1", email: "a@b.cn"))
      #expect(try await bench.unmatched().map(\.unmatched.reason) == [.noSuchContact])
      // By its identity it is meant nevertheless.
      let outcome = try await bench.observe(.mail("2", deal: duplicate.id))
      #expect(try outcome.commands.map(\.opportunityId) == [survivor.id])
    }
  }

  @Test func whatComesBeforeTheDealThatStaysWaitsForIt() async throws {
    try await withBench { bench in
      let (duplicate, survivor) = two()
      try await bench.apply(duplicate.events)
      let early = try await bench.observe(
        .mail("1", deal: duplicate.id), .mail("2", externalID: "CRM-1"),
        .mail("3", email: "a@b.cn"))
      #expect(try early.commands.isEmpty)
      #expect(
        try await bench.unmatched().map(\.unmatched.reason) == [
          .noSuchOpportunity, .noSuchExternalID, .noSuchContact,
        ])
      let outcome = try await bench.apply(survivor.events)
      #expect(try outcome.commands.map { $0.activity?.id } == ["1", "2", "3"])
      #expect(try outcome.commands.allSatisfy { $0.opportunityId == survivor.id })
    }
  }

  /// The command was under way when the deals were merged.
  @Test(arguments: [false, true])
  func whatTheDuplicateRefusesTheOtherOneGets(_ mergeIsHeardFirst: Bool) async throws {
    try await withBench { bench in
      var (duplicate, survivor) = (History(1), History(2))
      duplicate.create(fields: ["email": "a@b.cn"])
      survivor.create()
      try await bench.apply(duplicate.events + survivor.events)
      let sent = try #require(try await bench.observe(.mail("1", email: "a@b.cn")).commands.first)
      let merge = duplicate.merge(into: survivor)
      var outcomes: [BatchOutcome] = []
      if mergeIsHeardFirst {
        outcomes.append(try await bench.apply([merge]))
        outcomes.append(try await bench.hear(sent.refused("opportunity-merged")))
      } else {
        outcomes.append(try await bench.hear(sent.refused("opportunity-merged")))
        outcomes.append(try await bench.apply([merge]))
      }
      #expect(try outcomes[0].commands.isEmpty)
      #expect(try outcomes[1].commands.map(\.opportunityId) == [survivor.id])
      #expect(try await bench.unmatched().isEmpty)
      #expect(try await bench.standing(.mail("1")).opportunityID == survivor.id)
    }
  }

  @Test func whatWaitsForADecisionOnTheDuplicateWaitsNoLonger() async throws {
    try await withBench { bench in
      var (duplicate, survivor) = (History(1), History(2))
      duplicate.create()
      survivor.create()
      try await bench.publish(Ladder.published)
      try await bench.apply(duplicate.events + survivor.events)
      try await bench.observe(.mail("1", "wombat", deal: duplicate.id))
      #expect(try await bench.proposal().status == .waiting)
      try await bench.apply([duplicate.merge(into: survivor)])
      #expect(try await bench.proposal().status == .superseded)
    }
  }

  @Test func whoeverAssignsToTheDuplicateMeansTheOtherOne() async throws {
    try await withBench { bench in
      let (duplicate, survivor) = two()
      try await bench.apply(duplicate.events + survivor.events)
      let mail = ObservedActivity.mail("1")
      try await bench.observe(mail)
      let store = UnmatchedStore(
        pool: bench.pool, settlement: bench.settlement, committed: WakeSignal())
      let key = DerivedID.activity(source: mail.source, id: mail.id)
      for _ in 1...2 {
        let outcome = try await store.assign(key, to: duplicate.id, by: Bench.admin, at: Bench.now)
        guard case .done(let standing) = outcome else {
          Issue.record("\(outcome)")
          return
        }
        #expect(standing.opportunityID == survivor.id)
      }
    }
  }

  @Test func aMergeThatNamesNoDealIsBuried() async throws {
    try await withBench { bench in
      let (duplicate, survivor) = two()
      var nameless = duplicate.last
      nameless.data.merged = nil
      let outcome = try await bench.apply(
        Array(duplicate.events.dropLast()) + [nameless] + survivor.events)
      #expect(outcome.deadLetters.count == 1 && outcome.applied == 2)
    }
  }
}
