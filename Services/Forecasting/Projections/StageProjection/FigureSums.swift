import Contracts

/// What a batch adds to the tables of sums.
struct FigureSums {
  var totals = TotalSums()
  var daily = DailySums()
  var dwell = DwellSums()
  var followUps = FollowUpSums()
  var traits = DealTraits()

  /// Counts an event but for where the deal stands after the batch.
  ///
  /// - Parameters:
  ///   - former: the deal before the event; nil when it is new.
  ///   - ended: the visit that ended with it.
  ///   - begun: the visit that began with it.
  mutating func note(
    _ event: StageEvent, former: CurrentStage?, after row: CurrentStage, ended: Visit? = nil,
    begun: Visit? = nil
  ) {
    let day = event.data.occurredAt.day
    if let ended {
      totals.addEnd(of: ended)
      daily.addEnd(of: ended, on: day)
      dwell.addEnd(of: ended)
    }
    if let begun {
      totals.addEntry(of: begun, under: event.holder)
      daily.addEntry(of: begun, under: event.holder, on: day)
    }
    daily.addStanding(of: row, before: former, on: day)
    followUps.note(row.followUp, after: former?.followUp, at: event.data.occurredAt)
    traits.note(event, ownedBefore: former?.owner)
  }

  /// Counts every entry and leaving, and on which days the deal stood where.
  mutating func add(_ course: StageCourse, of opportunity: EntityID, times: Int64) {
    totals.add(course, of: opportunity, times: times)
    daily.add(course, of: opportunity, times: times)
    dwell.add(course, of: opportunity, times: times)
    followUps.add(course, times: times)
  }
}
