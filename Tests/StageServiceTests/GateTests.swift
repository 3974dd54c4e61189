import Contracts
import Testing

@testable import StageService

@Suite struct GateTests {
  private let gate = Gate(Templates.general)

  private func codes(
    _ deal: Opportunity, to stage: String, reason: String? = "because", reopening: Bool = false
  ) -> [String] {
    gate.failures(
      moving: deal, to: Templates.general.stage(stage)!, by: Mover(id: "li.na"), at: Fixture.start,
      reason: .stated(reason), reopening: reopening
    ).map(\.code)
  }

  @Test func opensWhenEverythingIsThere() {
    #expect(codes(Fixture.deal(in: "needs-analysis"), to: "proposal").isEmpty)
    #expect(codes(Fixture.deal(in: "contract"), to: "won").isEmpty)
  }

  @Test func answersWithEverythingThatIsMissingAtOnce() {
    let deal = Fixture.deal(in: "needs-analysis") { $0.fields = ["budget": " "] }
    let failures = gate.failures(
      moving: deal, to: Templates.general.stage("contract")!, by: Mover(id: "li.na"),
      at: Fixture.start, reason: .stated(nil))
    #expect(
      failures.map(\.code) == [
        "transition-not-allowed", "field-required", "field-required", "field-required",
      ])
    #expect(failures.compactMap(\.field) == ["to", "customerNeeds", "budget", "decisionMaker"])
    #expect(failures[1].pointer == "/fields/customerNeeds")
    #expect(failures.allSatisfy { !$0.message.zh.isEmpty && !$0.message.en.isEmpty })
    #expect(failures[0].message.en.contains("proposal"))
  }

  @Test func entryAndExitCriteriaAreSeparateLists() {
    let unpriced = Fixture.deal(in: "proposal") { $0.amount = nil }
    #expect(codes(unpriced, to: "negotiation") == ["entry-criterion-unmet"])
    let unsigned = Fixture.deal(in: "contract") { $0.fields["contractSigned"] = false }
    #expect(codes(unsigned, to: "won") == ["exit-criterion-unmet"])
  }

  @Test func backwardsAsksForNothingOfTheStageThatIsLeft() {
    let deal = Fixture.deal(in: "contract") { $0.fields = [:] }
    #expect(codes(deal, to: "negotiation").isEmpty)
  }

  @Test func losingNeedsAReason() {
    let deal = Fixture.deal(in: "proposal") { $0.fields = [:] }
    #expect(codes(deal, to: "lost", reason: "  ") == ["reason-required"])
    #expect(codes(deal, to: "lost", reason: "price").isEmpty)
  }

  @Test func aClosedDealMovesOnlyByReopening() {
    let lost = Fixture.deal(in: "lost")
    #expect(codes(lost, to: "proposal") == ["opportunity-closed"])
    #expect(codes(lost, to: "proposal", reopening: true).isEmpty)
    #expect(codes(lost, to: "won", reopening: true) == ["stage-not-open"])
    #expect(codes(Fixture.deal(in: "won"), to: "follow-up").isEmpty)
    #expect(
      codes(Fixture.deal(in: "proposal"), to: "negotiation", reopening: true)
        == ["opportunity-not-closed"])
  }

  @Test func standingStillIsNoMove() {
    #expect(codes(Fixture.deal(in: "proposal"), to: "proposal") == ["already-in-stage"])
  }

  @Test func aStageThatTheVersionDoesNotHaveIsNamed() {
    let deal = Fixture.deal(in: "proposal") { $0.stage = "gone" }
    #expect(codes(deal, to: "won") == ["unknown-stage"])
  }

  @Test(arguments: [
    (Criterion.Rule.filled(field: "budget"), true), (.filled(field: "nothing"), false),
    (.filled(field: "amount"), true), (.equals(field: "budget", value: 1_000_000.0), true),
    (.equals(field: "decisionMaker", value: "李总"), false),
    (.oneOf(field: "decisionMaker", values: ["李总", "王总"]), true),
    (.atLeast(field: "amount", value: 12_000_000), true),
    (.atLeast(field: "amount", value: 12_000_001), false),
    (.atMost(field: "budget", value: 1_000_000), true),
    (.atMost(field: "nothing", value: 9), false),
    (.before(field: "expectedClose", value: "2026-04-01"), false),
    (.all([.filled(field: "budget"), .filled(field: "nothing")]), false),
    (.any([.filled(field: "budget"), .filled(field: "nothing")]), true),
    (.not(.filled(field: "nothing")), true), (.all([]), true), (.any([]), false),
  ])
  func rule(_ rule: Criterion.Rule, holds: Bool) {
    #expect(rule.holds(for: Fixture.facts(Fixture.deal(in: "proposal"))) == holds)
  }

  @Test func datesCompareAsText() {
    let deal = Fixture.deal(in: "proposal") { $0.expectedClose = "2026-03-31" }
    let rule = Criterion.Rule.before(field: "expectedClose", value: "2026-04-01")
    #expect(rule.holds(for: Fixture.facts(deal)))
  }

  /// Reopened into a stage that is no open one, a closed deal is not said to be open.
  @Test func aClosedDealIsReopenedIntoAnOpenStageOnly() {
    for (stage, target, code) in [
      ("won", "lost", "stage-not-open"), ("lost", "won", "stage-not-open"),
      ("proposal", "needs-analysis", "opportunity-not-closed"),
      ("proposal", "lost", "opportunity-not-closed"),
    ] {
      let result = Fixture.decider().decide(
        Fixture.command(.reopen(.init(to: target))), on: Fixture.deal(in: stage))
      #expect(result.codes == [code], "\(stage) to \(target)")
    }
  }

  /// Only roles that move deals have limits, so that no other lifts them.
  @Test(
    arguments: [
      (["rep"], false), (["rep", "viewer"], false), (["rep", "legal"], false), ([], false),
      (["rep", "manager"], true), (["admin"], true),
    ] as [(Set<String>, Bool)])
  func limitsAreThoseOfTheRolesThatMove(_ roles: Set<String>, _ isWithin: Bool) {
    let deal = Fixture.deal(in: "proposal") { $0.amount = Money(minor: 101, currency: "CNY") }
    let facts = Fixture.facts(deal, by: Mover(id: "li.na", roles: roles))
    let rule = Criterion.Rule.amountWithin(limits: ["rep": 100, "manager": 1_000])
    #expect(rule.holds(for: facts) == isWithin)
  }
}
