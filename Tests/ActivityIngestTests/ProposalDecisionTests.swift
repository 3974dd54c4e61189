import Contracts
import Testing

@testable import ActivityIngest

@Suite struct ProposalDecisionTests {
  private static let now = History.start.adding(days: 5)
  private static let event = DerivedID.make("event")
  private static let failure = GateFailure(
    code: "field-required", pointer: "/fields/budget",
    message: LocalizedText(zh: "须填写", en: "must be filled"))

  private static let deal: Deal = {
    var history = History(1)
    return Deal(history.create())!
  }()

  private static func proposal(_ mode: Rule.Mode) -> Proposal {
    let activity = Activity(.mail("1"), receivedAt: History.start, traceparent: nil)
    let match = RuleMatch(
      rule: "r", intent: "i", part: .text, start: 0, end: 2, words: "您好", ruleMode: mode,
      confidence: 0.9)
    return Proposal(
      match, target: RuleTarget(stage: "negotiation", fields: ["a": 1]), for: deal,
      because: activity, at: History.start)
  }

  /// In the status that these steps lead to.
  private static func proposal(_ mode: Rule.Mode, _ steps: (inout Proposal) -> Void) -> Proposal {
    var proposal = proposal(mode)
    steps(&proposal)
    return proposal
  }

  private static let byStatus: [Proposal.Status: Proposal] = [
    .hint: proposal(.hint), .waiting: proposal(.review), .sent: proposal(.auto),
    .moved: proposal(.auto) { _ = $0.hear(.moved(event: event, sequence: 3), at: now) },
    .refused: proposal(.auto) { _ = $0.hear(.moveRefused([failure]), at: now) },
    .rejected: proposal(.review) { _ = $0.reject(by: "li", reason: nil, at: now) },
    .reverting: proposal(.auto) {
      _ = $0.hear(.moved(event: event, sequence: 3), at: now)
      _ = $0.reject(by: "li", reason: "no", at: now)
    },
    .reverted: proposal(.auto) {
      _ = $0.hear(.moved(event: event, sequence: 3), at: now)
      _ = $0.hear(.reverted, at: now)
    },
    .revertRefused: proposal(.auto) {
      _ = $0.hear(.moved(event: event, sequence: 3), at: now)
      _ = $0.reject(by: "li", reason: "no", at: now)
      _ = $0.hear(.revertRefused([failure]), at: now)
    },
    .superseded: proposal(.review) {
      _ = $0.confirm(by: "li", reason: nil, deal: nil, at: now)
    },
  ]

  @Test func everyStatusIsReached() {
    #expect(Set(Self.byStatus.keys) == Set(Proposal.Status.allCases))
    for (status, proposal) in Self.byStatus { #expect(proposal.status == status) }
  }

  @Test func confirmingSendsTheMoveInThePersonsName() throws {
    var proposal = Self.proposal(.review)
    guard
      case .changed(let command?) = proposal.confirm(
        by: "li", reason: "on the phone", deal: Self.deal, at: Self.now)
    else {
      Issue.record("nothing is sent")
      return
    }
    #expect(proposal.status == .sent && proposal.confirmedBy == "li")
    #expect(command.actor == "li" && command.id == DerivedID.move(proposal.id))
    #expect(command.cause == "activity:/mail/1" && command.opportunityId == Self.deal.id)
    let move = try #require(command.move)
    #expect(move.to == "negotiation" && move.reason == "on the phone" && move.fields == ["a": 1])
    #expect(move.evidence?.proposalId == proposal.id && move.evidence?.words == "您好")
    #expect(
      proposal.confirm(by: "li", reason: nil, deal: Self.deal, at: Self.now) == .unchanged)
    _ = proposal.hear(.moved(event: Self.event, sequence: 3), at: Self.now)
    #expect(
      proposal.confirm(by: "li", reason: nil, deal: Self.deal, at: Self.now) == .unchanged)
  }

  @Test func aDealThatWentElsewhereIsNotMoved() {
    var elsewhere = Self.deal
    elsewhere.stage = "contract"
    var closed = Self.deal
    closed.category = .lost
    for deal in [elsewhere, closed, nil] {
      var proposal = Self.proposal(.review)
      #expect(proposal.confirm(by: "li", reason: nil, deal: deal, at: Self.now) == .refused)
      #expect(proposal.status == .superseded)
    }
  }

  @Test(arguments: Proposal.Status.allCases.filter { $0 != .waiting })
  func otherwiseThereIsNothingToConfirm(status: Proposal.Status) throws {
    var proposal = try #require(Self.byStatus[status])
    let verdict = proposal.confirm(by: "li", reason: nil, deal: Self.deal, at: Self.now)
    #expect(verdict == .refused && proposal.status == status)
  }

  @Test func rejectingWhatWaitsSendsNothing() {
    var proposal = Self.proposal(.review)
    #expect(proposal.reject(by: "li", reason: "no", at: Self.now) == .changed(nil))
    #expect(proposal.status == .rejected && proposal.reason == "no")
    #expect(proposal.reject(by: "wu", reason: nil, at: Self.now) == .unchanged)
    #expect(proposal.rejectedBy == "li")
  }

  @Test func rejectingAMoveRevertsIt() throws {
    var proposal = try #require(Self.byStatus[.moved])
    guard case .changed(let command?) = proposal.reject(by: "li", reason: "no", at: Self.now)
    else {
      Issue.record("nothing is sent")
      return
    }
    #expect(proposal.status == .reverting)
    #expect(command.reversal?.eventId == Self.event && command.reversal?.reason == "no")
    #expect(command.actor == "li" && command.id == DerivedID.reversal(proposal.id))
    #expect(proposal.reject(by: "li", reason: "no", at: Self.now) == .unchanged)
    #expect(proposal.hear(.reverted, at: Self.now) == nil && proposal.status == .reverted)
  }

  @Test func aRejectionWaitsForTheMove() {
    var proposal = Self.proposal(.auto)
    #expect(proposal.reject(by: "li", reason: "no", at: Self.now) == .changed(nil))
    #expect(proposal.status == .sent && proposal.rejectedBy == "li")
    #expect(proposal.reject(by: "li", reason: "no", at: Self.now) == .unchanged)
    #expect(proposal.confirm(by: "wu", reason: nil, deal: Self.deal, at: Self.now) == .refused)
    var refused = proposal
    #expect(refused.hear(.moveRefused([Self.failure]), at: Self.now) == nil)
    #expect(refused.status == .refused && refused.errors == [Self.failure])
    let command = proposal.hear(.moved(event: Self.event, sequence: 3), at: Self.now)
    #expect(command?.reversal?.eventId == Self.event && proposal.status == .reverting)
  }

  @Test(arguments: [Proposal.Status.hint, .refused, .revertRefused, .superseded])
  func otherwiseThereIsNothingToReject(status: Proposal.Status) throws {
    var proposal = try #require(Self.byStatus[status])
    #expect(proposal.reject(by: "li", reason: nil, at: Self.now) == .refused)
    #expect(proposal.status == status)
  }

  @Test func oldNewsChangesNothing() {
    let news: [Proposal.News] = [
      .moved(event: Self.event, sequence: 3), .moveRefused([Self.failure]), .reverted,
      .revertRefused([Self.failure]),
    ]
    let settled: [Proposal.Status] = [.hint, .waiting, .refused, .rejected, .reverted, .superseded]
    for status in settled {
      for item in news {
        var proposal = Self.byStatus[status]!
        #expect(proposal.hear(item, at: Self.now) == nil)
        #expect(proposal == Self.byStatus[status])
      }
    }
    for (status, item) in [
      (Proposal.Status.moved, news[0]), (.moved, news[1]), (.reverting, news[0]),
    ] {
      var proposal = Self.byStatus[status]!
      #expect(proposal.hear(item, at: Self.now) == nil && proposal == Self.byStatus[status])
    }
  }

  @Test func aReversalElsewhereCountsToo() {
    for status in [Proposal.Status.moved, .reverting, .revertRefused] {
      var proposal = Self.byStatus[status]!
      #expect(proposal.hear(.reverted, at: Self.now) == nil)
      #expect(proposal.status == .reverted && proposal.errors.isEmpty)
    }
  }
}
