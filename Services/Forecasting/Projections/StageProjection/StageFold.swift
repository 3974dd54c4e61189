import Contracts
import Messaging

/// Turns events into row changes, without I/O.
///
/// It is given the loaded rows of `current_stage` of the batch's opportunities and the events that
/// are new, in order per opportunity. A visit begins with `created` and with a `moved` to another
/// stage; every other event but a reversal only brings the current row up to date.
///
/// What takes something back is worked out from all that was applied to the opportunity before, the
/// `histories`: see ``StageCorrection``.
struct StageFold {
  private var rows: [EntityID: Working]
  private var touched: [EntityID] = []
  /// Those that began in this batch, and those that began before it.
  private var passedVisits: [Visit] = []
  private var endedVisits: [Visit] = []
  private var sums = FigureSums()

  private struct Working {
    /// As it was loaded; nil for a deal that is new.
    let former: CurrentStage?
    var row: CurrentStage
    var isTouched = false
    /// The open visit began in this batch, so its row is not there yet.
    var isEntered = false
    /// The stage's category when the visit began; a newer pipeline version may have another.
    var enteredCategory: StageCategory

    init(_ row: CurrentStage, former: CurrentStage? = nil) {
      self.former = former
      self.row = row
      enteredCategory = row.category
    }

    mutating func apply(_ event: StageEvent) {
      if event.opensVisit {
        row.enter(event)
        isEntered = true
        enteredCategory = row.category
      }
      row.update(from: event)
    }

    func visit(endedBy event: StageEvent? = nil) -> Visit {
      row.visit(category: enteredCategory, endedBy: event)
    }
  }

  private init(current: [EntityID: CurrentStage]) {
    rows = current.mapValues { Working($0, former: $0) }
  }

  struct Changes {
    /// One row per opportunity, by identity.
    var current: [CurrentStage] = []
    /// Visits that began, or that a correction changes; each at most once.
    var visits: [Visit] = []
    /// Visits that began before the batch and ended in it.
    var ended: [Visit] = []
    /// Each by key, so that two projectors lock the rows in the same order.
    var totals: [(key: TotalKey, delta: TotalDelta)] = []
    var daily: [(key: DailyKey, delta: DailyDelta)] = []
    var dwell: [(key: DwellKey, visits: Int64)] = []
    var followUps: [(key: FollowUpKey, delta: FollowUpDelta)] = []
    var traits = DealTraits()
    var vanished = Vanished()
  }

  /// What never was, by opportunity.
  struct Vanished {
    var events: [(EntityID, EventPosition)] = []
    /// With the sequence of the event that began each.
    var visits: [(EntityID, Int64)] = []
  }

  /// - Parameter histories: all that was applied before, of the opportunities of which the events take
  ///   something back.
  static func fold(
    current: [EntityID: CurrentStage], histories: [EntityID: [StageFact]] = [:],
    events: [StageEvent]
  ) -> Changes {
    var fold = StageFold(current: current)
    guard !histories.isEmpty else {
      for event in events { fold.apply(event) }
      return fold.changes([])
    }
    var corrected: [EntityID: [StageEvent]] = [:]
    for event in events {
      if histories[event.opportunityId] == nil {
        fold.apply(event)
      } else {
        corrected[event.opportunityId, default: []].append(event)
      }
    }
    return fold.changes(
      corrected.sorted { $0.key < $1.key }.map { id, events in
        StageCorrection(current: current[id], history: histories[id] ?? [], events: events)
      })
  }

  private mutating func apply(_ event: StageEvent) {
    let id = event.data.opportunityId
    guard let index = rows.index(forKey: id) else {
      guard event.opensVisit else { return }
      var working = Working(CurrentStage(first: event))
      working.isTouched = true
      working.apply(event)
      rows[id] = working
      touched.append(id)
      sums.note(event, former: nil, after: working.row, begun: working.visit())
      return
    }
    let former = rows.values[index]
    if !rows.values[index].isTouched {
      rows.values[index].isTouched = true
      touched.append(id)
    }
    rows.values[index].apply(event)
    let working = rows.values[index]
    guard event.opensVisit else {
      sums.note(event, former: former.row, after: working.row)
      return
    }
    let ended = former.visit(endedBy: event)
    if former.isEntered { passedVisits.append(ended) } else { endedVisits.append(ended) }
    sums.note(
      event, former: former.row, after: working.row, ended: ended, begun: working.visit())
  }

  private consuming func changes(_ corrections: [StageCorrection]) -> Changes {
    var changes = Changes()
    touched.sort()
    changes.current.reserveCapacity(touched.count + corrections.count)
    changes.visits = passedVisits
    changes.ended = endedVisits
    for id in touched {
      guard let working = rows[id] else { continue }
      changes.current.append(working.row)
      sums.totals.addStanding(of: working.row, before: working.former)
      if working.isEntered { changes.visits.append(working.visit()) }
    }
    if !corrections.isEmpty {
      for correction in corrections { correction.add(to: &changes, &sums) }
      changes.current.sort { $0.opportunityID < $1.opportunityID }
    }
    changes.totals = sums.totals.sorted()
    changes.daily = sums.daily.sorted()
    changes.dwell = sums.dwell.sorted()
    changes.followUps = sums.followUps.sorted()
    changes.traits = sums.traits
    return changes
  }
}
