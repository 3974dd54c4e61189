package import Contracts

/// Where a reader stands in the events of one opportunity.
package struct EventPosition: Hashable, Comparable, Sendable {
  package var epoch: Int64
  package var sequence: Int64

  package init(epoch: Int64, sequence: Int64) {
    self.epoch = epoch
    self.sequence = sequence
  }

  package init(_ event: StageEvent) {
    self.init(epoch: event.epoch, sequence: event.sequence)
  }

  package static func < (left: EventPosition, right: EventPosition) -> Bool {
    (left.epoch, left.sequence) < (right.epoch, right.sequence)
  }
}

/// Puts each opportunity's events in order: the next one is applied, an old one dropped, one that
/// came too early parked until its predecessor is here.
///
/// A higher epoch continues at any sequence: it starts where the restored database stood.
package enum Resequencer {
  package struct Plan: Sendable {
    package var apply: [StageEvent] = []
    package var duplicates = 0
    package var park: [StageEvent] = []
    /// Formerly parked events that are applied or turned out to be duplicates: no longer parked.
    package var unparked: [StageEvent] = []
  }

  package static func plan(
    last: [EntityID: EventPosition], incoming: [StageEvent], parked: [StageEvent]
  ) -> Plan {
    var plan = Plan()
    var last = last
    var waiting: [EntityID: [EventPosition: StageEvent]] = [:]
    for event in parked { waiting[event.opportunityId, default: [:]][EventPosition(event)] = event }
    let formerlyParked = Set(parked.map(\.id))
    var newlyParked: [EntityID: [EventPosition: StageEvent]] = [:]

    for event in incoming {
      let id = event.opportunityId
      switch judge(EventPosition(event), after: last[id]) {
      case .old:
        plan.duplicates += 1
      case .early:
        if waiting[id]?[EventPosition(event)] != nil {
          plan.duplicates += 1
        } else {
          waiting[id, default: [:]][EventPosition(event)] = event
          newlyParked[id, default: [:]][EventPosition(event)] = event
        }
      case .next:
        plan.apply.append(event)
        last[id] = EventPosition(event)
        release(id, &waiting, &newlyParked, &last, formerlyParked, &plan)
      }
    }
    plan.park = newlyParked.values.flatMap(\.values).sorted {
      ($0.opportunityId, EventPosition($0)) < ($1.opportunityId, EventPosition($1))
    }
    return plan
  }

  private enum Verdict { case old, next, early }

  private static func judge(_ position: EventPosition, after last: EventPosition?) -> Verdict {
    guard let last else { return position.sequence == 1 ? .next : .early }
    if position.epoch > last.epoch { return .next }
    if position <= last { return .old }
    return position.sequence == last.sequence + 1 ? .next : .early
  }

  /// Applies what waited for the event just applied.
  private static func release(
    _ id: EntityID, _ waiting: inout [EntityID: [EventPosition: StageEvent]],
    _ newlyParked: inout [EntityID: [EventPosition: StageEvent]],
    _ last: inout [EntityID: EventPosition], _ formerlyParked: Set<EntityID>, _ plan: inout Plan
  ) {
    while let position = waiting[id]?.keys.min(), let event = waiting[id]?[position] {
      let verdict = judge(position, after: last[id])
      if verdict == .early { return }
      waiting[id]?[position] = nil
      newlyParked[id]?[position] = nil
      if formerlyParked.contains(event.id) { plan.unparked.append(event) }
      if verdict == .next {
        plan.apply.append(event)
        last[id] = position
      } else {
        plan.duplicates += 1
      }
    }
  }
}
