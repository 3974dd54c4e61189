import Contracts
import ServiceWiring

// A follow-up is due so many of the owner's working days after the entry into the stage. A hold stops
// the count, and from the end of the hold what was left of it goes on. An activity since the entry is
// the follow-up, and then nothing is due until the next entry. Another owner has the same count, on
// that owner's working days.
extension Decider {
  /// In the working time of whoever owns the deal afterwards; days of 24 hours where it is not known.
  func deadline(from start: Instant, days: Double) -> Instant {
    context.workingTime?.deadline(from: start, days: days) ?? start.adding(days: days)
  }

  /// When the follow-up of a deal that is not on hold is due, unless there was one; nil where its stage
  /// has no deadline.
  func deadline(of deal: Opportunity) -> Instant? {
    let days = definition.stage(deal.stage)?.followUpDays
    let count = deal.state.followUp ?? days.map { .init(from: deal.enteredStageAt, days: $0) }
    return count.map { deadline(from: $0.from, days: $0.days) }
  }

  /// What is left of a count at a time, in working days; 0 once it is over.
  func daysLeft(until dueAt: Instant, at now: Instant) -> Double {
    guard let working = context.workingTime else { return max(0, dueAt.days(since: now)) }
    return working.calendar.workingDays(from: now, to: dueAt, in: working.zone)
  }

  /// The same hold with the deadline of whoever owns the deal afterwards.
  func waiting(_ hold: DealState.Hold) -> DealState.Hold {
    var hold = hold
    hold.followUpDueAt = hold.daysLeft.map { deadline(from: hold.since, days: $0) }
    return hold
  }
}
