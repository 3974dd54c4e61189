import Contracts
import Postgres
import Testing

@testable import ActivityIngest

@Suite struct RulesStoreTests {
  private static let written = Rule(
    key: "written", name: LocalizedText(zh: "自定", en: "Written"), intent: "written",
    keywords: ["成交"], transitions: [Rule.Transition(to: .win, fields: ["a": [1, "b"]])])

  @Test func everyProcessSeesAChange() async throws {
    try await withBench { bench async throws in
      let one = RuleStore(pool: bench.pool)
      let other = RuleStore(pool: bench.pool)
      #expect(try await other.current().rule("written") == nil)
      #expect(try await one.save(Self.written, by: "li.na", at: Bench.now))
      #expect(try await other.current().rule("written") == Self.written)
      #expect(
        try await bench.pool.transaction { try other.current(in: $0).rule("written") }
          == Self.written)
      var changed = Self.written
      changed.enabled = false
      #expect(try await !other.save(changed, by: "li.na", at: Bench.now))
      #expect(try await one.current().rule("written") == changed)
    }
  }

  @Test func aReadyMadeRuleIsNoNewOne() async throws {
    try await withBench(readyMade: true) { bench in
      let store = RuleStore(pool: bench.pool)
      let before = try await store.all()
      #expect(before.filter { Rule.readyMade.contains($0) }.count == Rule.readyMade.count)
      var rule = Rule.quoteConfirmed
      rule.mode = .review
      #expect(try await !store.save(rule, by: "li.na", at: Bench.now))
      let after = try await store.all()
      #expect(after.count == before.count)
      #expect(after.map(\.key) == after.map(\.key).sorted())
      #expect(try await store.current().rule(rule.key)?.mode == .review)
    }
  }

  /// Two writers at once: both rules are there, and nobody keeps an older set.
  @Test func writersWaitForEachOther() async throws {
    try await withBench { bench in
      let store = RuleStore(pool: bench.pool)
      let before = try await store.all().count
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<20 {
          group.addTask {
            var rule = Self.written
            rule.key = "rule-\(number)"
            _ = try await store.save(rule, by: "li.na", at: Bench.now)
            let seen = try await store.current().rule(rule.key)
            #expect(seen == rule)
          }
        }
        try await group.waitForAll()
      }
      #expect(try await store.all().count == before + 20)
    }
  }
}
