import Contracts
import TestSupport

/// The events of deals on their way through a pipeline, as stage-service would write them, many deals
/// at a time. The same numbers in every run.
struct DealEvents {
  /// Created and four moves.
  static let eventsPerDeal: Int64 = 5
  static let pipeline = "general"
  private static let stages = [
    "initial-contact", "needs-analysis", "proposal", "negotiation", "contract", "won", "lost",
  ]
  /// Deals under way at the same time.
  private static let width = 5_000

  private var generator = Generator(seed: 7)
  private var open: [Deal] = []
  private var deals = 0
  private var now = Instant("2026-01-05T08:00:00Z")!

  private struct Deal {
    var id: EntityID
    var number: Int
    var sequence: Int64 = 0
    var stage = 0
  }

  /// The next event: of any of the deals that are under way.
  mutating func next() -> StageEvent {
    while open.count < DealEvents.width {
      deals += 1
      open.append(
        Deal(id: .v7(at: now, entropy: (generator.next(), generator.next())), number: deals))
    }
    now = now.adding(seconds: 5)
    let index = Int(generator.next() % UInt64(open.count))
    var deal = open[index]
    let event = advance(&deal)
    open[index] = deal
    if deal.sequence == DealEvents.eventsPerDeal {
      open.swapAt(index, open.count - 1)
      open.removeLast()
    }
    return event
  }

  private mutating func advance(_ deal: inout Deal) -> StageEvent {
    deal.sequence += 1
    let from = deal.stage
    let isCreation = deal.sequence == 1
    let isLost =
      !isCreation && deal.sequence == DealEvents.eventsPerDeal && generator.next() % 10 == 0
    if !isCreation { deal.stage = isLost ? 6 : min(from + 1, 5) }
    var data = StageEventData(
      opportunityId: deal.id, epoch: 1, sequence: deal.sequence, pipeline: DealEvents.pipeline,
      pipelineVersion: 1, actor: "user-\(deal.number % 499)", occurredAt: now, recordedAt: now)
    data.owner = "user-\(deal.number % 499)"
    data.team = "team-\(deal.number % 499 % 9)"
    data.amount = Money(minor: Int64(deal.number % 9_973) * 10_000, currency: "CNY")
    data.to = DealEvents.stages[deal.stage]
    data.toPosition = deal.stage
    data.toCategory = DealEvents.category(deal.stage)
    data.followUpDueAt = now.adding(days: 3)
    data.benchmarkDays = 10
    if isCreation {
      data.name = "Deal \(deal.number)"
      data.account = Account(name: "Account \(deal.number % 5_003)")
    } else {
      data.from = DealEvents.stages[from]
      data.fromPosition = from
      data.fromCategory = DealEvents.category(from)
      data.reason = isLost ? "price" : nil
    }
    return StageEvent(
      id: .v7(at: now, entropy: (generator.next(), generator.next())),
      type: isCreation ? .created : .moved, data: data)
  }

  private static func category(_ stage: Int) -> StageCategory {
    stage == 5 ? .won : stage == 6 ? .lost : .open
  }
}
