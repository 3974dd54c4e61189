import Contracts
import Messaging
import Postgres
import Testing

@testable import ActivityIngest

/// What was said in a deal's activities goes with its personal data.
@Suite struct ErasureTests {
  @Test func wordsAndContactsGoAndWhatBecameOfThemStays() async throws {
    try await withBench { bench in
      var (deal, other) = (History(1), History(2))
      deal.create(fields: ["email": "zhao@b.cn"])
      other.create(fields: ["email": "qian@b.cn"])
      try await bench.publish(Ladder.published)
      try await bench.apply(deal.events + other.events)
      try await bench.observe(
        .mail("1", "the wombat of Zhao", email: "zhao@b.cn"),
        .mail("2", "another wombat of Zhao", email: "zhao@b.cn"),
        .mail("3", "a wombat of Qian", email: "qian@b.cn"))
      let before = try await bench.snapshot().joined()
      for secret in ["zhao@b.cn", "wombat of Zhao", "Deal"] { #expect(before.contains(secret)) }
      try await bench.apply([deal.erase(names: true)])
      let rows = try await bench.snapshot()
      let after = rows.joined()
      #expect(!after.contains("zhao@b.cn") && !after.contains("wombat of Zhao"))
      #expect(after.contains("qian@b.cn") && after.contains("wombat of Qian"))
      let standing = try await bench.standing(.mail("1"))
      #expect(standing.opportunityID == deal.id && standing.state == .matched)
      #expect(standing.activity.observation.text == nil)
      let proposals = try await bench.proposals().filter { $0.opportunityID == deal.id }
      #expect(proposals.map(\.status) == [.waiting])
      #expect(proposals.first?.evidence.words == ErasedData.mark)
      #expect(proposals.first?.furtherEvidence.map(\.words) == [ErasedData.mark])
      let id = deal.id
      let known = try await bench.pool.transaction { try DealTables.find([id], in: $0) }
      #expect(known[id]?.name == ErasedData.mark && known[id]?.sequence == 2)
      // The contact means nobody any more.
      #expect(try await bench.observe(.mail("4", email: "zhao@b.cn")).commands.isEmpty)
    }
  }

  @Test func anErasureThatSaysNothingIsBuried() async throws {
    try await withBench { bench in
      var deal = History(1)
      deal.create()
      var event = deal.erase()
      event.data.erased = nil
      let outcome = try await bench.apply([deal.events[0], event])
      #expect(outcome.deadLetters.count == 1)
    }
  }
}
