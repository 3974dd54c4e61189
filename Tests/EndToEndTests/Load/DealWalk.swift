import Contracts
import TestSupport

/// A deal's way through the general pipeline. Pure: which step comes next follows from the stage and
/// the random numbers.
struct DealWalk {
  /// Nil before the deal exists.
  var stage: String?

  /// What to ask for. One in ten or so will be refused by the gate.
  mutating func next(tag: String, using generator: inout Generator) -> StageCommand.Action {
    guard let stage else {
      return .create(
        NewOpportunity(
          pipeline: "general", name: "Deal \(tag)", account: Account(name: "Account \(tag)"),
          owner: ["ann", "bob", "cui"].randomElement(using: &generator),
          team: ["north", "south"].randomElement(using: &generator),
          amount: Money(minor: .random(in: 1...1_000_000, using: &generator), currency: "CNY"),
          fields: ["request": .string(tag)]))
    }
    switch (Int.random(in: 0..<12, using: &generator), stage) {
    case (0, _): return .update(OpportunityPatch(fields: ["note": .string(tag)], reason: tag))
    case (1, "initial-contact"): return .move(.init(to: "contract", reason: tag))
    case (1, "needs-analysis"): return .move(.init(to: "initial-contact", reason: tag))
    case (1, "negotiation"): return .move(.init(to: "proposal", reason: tag))
    case (2, "needs-analysis"), (2, "proposal"), (2, "contract"):
      return .lose(.init(reason: tag))
    case (3, _): return .revert(.init(reason: tag))
    case (4, _):
      return .recordActivity(
        ActivityRecord(
          source: "/load", id: tag, kind: "call", at: Instant("2026-11-23T09:30:00Z")!,
          summary: tag))
    default: return Self.forwards(from: stage, tag)
    }
  }

  private static func forwards(from stage: String, _ tag: String) -> StageCommand.Action {
    switch stage {
    case "initial-contact": .move(.init(to: "needs-analysis", reason: tag))
    case "needs-analysis":
      .move(
        .init(
          to: "proposal", reason: tag,
          fields: ["customerNeeds": "faster quotes", "budget": 80_000, "decisionMaker": "Li"]))
    case "proposal": .move(.init(to: "negotiation", reason: tag))
    case "negotiation": .move(.init(to: "contract", reason: tag))
    case "contract": .win(.init(reason: tag, fields: ["contractSigned": true]))
    case "won": .move(.init(to: "follow-up", reason: tag))
    case "lost": .reopen(.init(reason: tag))
    default: .update(OpportunityPatch(fields: ["visit": .string(tag)], reason: tag))
    }
  }
}

extension StageCommand.Action {
  /// The path below `/v1/opportunities`, and whether it is a patch.
  func route(on id: EntityID?) -> (path: String, isPatch: Bool) {
    let deal = id.map { "/\($0)" } ?? ""
    return switch self {
    case .create: ("", false)
    case .update: (deal, true)
    case .move: ("\(deal)/moves", false)
    case .win: ("\(deal)/win", false)
    case .lose: ("\(deal)/lose", false)
    case .reopen: ("\(deal)/reopen", false)
    case .recordActivity: ("\(deal)/activities", false)
    case .revert: ("\(deal)/revert", false)
    case .assign: ("\(deal)/assign", false)
    case .hold: ("\(deal)/hold", false)
    case .resume: ("\(deal)/resume", false)
    case .tick: ("\(deal)/checklist", false)
    case .recordFeedback: ("\(deal)/feedback", false)
    case .merge: ("\(deal)/merge", false)
    }
  }

  func body() throws -> [UInt8] {
    switch self {
    case .create(let body): try JSONCoding.encode(body)
    case .update(let body): try JSONCoding.encode(body)
    case .move(let body): try JSONCoding.encode(body)
    case .win(let body), .lose(let body): try JSONCoding.encode(body)
    case .reopen(let body): try JSONCoding.encode(body)
    case .recordActivity(let body): try JSONCoding.encode(body)
    case .revert(let body): try JSONCoding.encode(body)
    case .assign(let body): try JSONCoding.encode(body)
    case .hold(let body): try JSONCoding.encode(body)
    case .resume(let body): try JSONCoding.encode(body)
    case .tick(let body): try JSONCoding.encode(body)
    case .recordFeedback(let body): try JSONCoding.encode(body)
    case .merge(let body): try JSONCoding.encode(body)
    }
  }
}
