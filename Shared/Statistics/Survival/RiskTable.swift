/// Who was at risk and what happened, time by time; what both survival estimators read.
///
/// Events at the same time count before censorings, and spells that come under observation at a time
/// are at risk only afterwards (as in R's survival and in lifelines).
struct RiskTable: Sendable {
  /// The distinct times at which spells left, ascending.
  private(set) var times: [Double] = []
  /// At risk just before each time.
  private(set) var atRisk: [Int] = []
  private(set) var ended: [Int] = []
  private(set) var censored: [Int] = []
  /// With several outcomes: ended by outcome, `outcomes` numbers for each time.
  private(set) var endedBy: [Int] = []
  private(set) var total = 0
  private(set) var totalEnded = 0
  /// Spells in rows that cannot be used.
  private(set) var unusable = 0
  /// The times at which spells came late under observation, ascending, and how many had until then.
  private(set) var lateEntries: [Double] = []
  private(set) var enteredLate: [Int] = []

  var totalCensored: Int { total - totalEnded }

  /// - Parameter outcomes: the number of outcomes to tell apart; nil counts every end as the same.
  init(_ spells: [Spell], outcomes: Int? = nil) {
    precondition(outcomes ?? 1 > 0, "at least one outcome")
    var isSorted = true
    var areUsable = true
    var areLate = false
    var last = 0.0
    for spell in spells {
      areUsable = areUsable && spell.isUsable(outcomes)
      areLate = areLate || spell.entry > 0
      isSorted = isSorted && spell.duration >= last
      last = spell.duration
    }
    if areUsable, isSorted {
      count(spells, outcomes: outcomes, areLate: areLate)
      return
    }
    var usable = spells.filter { $0.isUsable(outcomes) }
    for spell in spells where !spell.isUsable(outcomes) {
      unusable += min(max(0, spell.count), Spell.greatestCount)
    }
    usable.sort { $0.duration < $1.duration }
    count(usable, outcomes: outcomes, areLate: areLate)
  }

  private mutating func count(_ spells: [Spell], outcomes: Int?, areLate: Bool) {
    if areLate { noteLateEntries(of: spells) }
    group(spells, outcomes: outcomes)
  }

  private mutating func noteLateEntries(of spells: [Spell]) {
    let late = spells.filter { $0.entry > 0 }.sorted { $0.entry < $1.entry }
    var entered = 0
    for spell in late {
      entered += spell.count
      if lateEntries.last == spell.entry {
        enteredLate[enteredLate.count - 1] = entered
      } else {
        lateEntries.append(spell.entry)
        enteredLate.append(entered)
      }
    }
  }

  /// - Parameter spells: by duration.
  private mutating func group(_ spells: [Spell], outcomes: Int?) {
    for spell in spells { total += spell.count }
    var current = total - (enteredLate.last ?? 0)
    times.reserveCapacity(spells.count)
    atRisk.reserveCapacity(spells.count)
    ended.reserveCapacity(spells.count)
    censored.reserveCapacity(spells.count)
    if let outcomes { endedBy.reserveCapacity(spells.count * outcomes) }
    var nextEntry = 0
    var entered = 0
    var start = 0
    while start < spells.count {
      let time = spells[start].duration
      while nextEntry < lateEntries.count, lateEntries[nextEntry] < time {
        current += enteredLate[nextEntry] - entered
        entered = enteredLate[nextEntry]
        nextEntry += 1
      }
      let first = endedBy.count
      for _ in 0..<(outcomes ?? 0) { endedBy.append(0) }
      var endedNow = 0
      var censoredNow = 0
      while start < spells.count, spells[start].duration == time {
        let spell = spells[start]
        if let outcome = spell.outcome {
          endedNow += spell.count
          if outcomes != nil { endedBy[first + outcome] += spell.count }
        } else {
          censoredNow += spell.count
        }
        start += 1
      }
      times.append(time)
      atRisk.append(current)
      ended.append(endedNow)
      censored.append(censoredNow)
      totalEnded += endedNow
      current -= endedNow + censoredNow
    }
  }

  /// The index of the last time that is not after `time`; nil before the first.
  func index(at time: Double) -> Int? {
    let next = times.partitionPoint { $0 > time }
    return next == 0 ? nil : (next ?? times.count) - 1
  }

  /// The indices of the times at which spells ended, and of the last time in any case; when these are
  /// more than the limit (at least 3), with time 0, only some of them, evenly spread.
  func steps(limit: Int) -> [Int] {
    guard let last = times.indices.last else { return [] }
    var steps = times.indices.filter { ended[$0] > 0 }
    if steps.last != last { steps.append(last) }
    let limit = max(3, limit) - 1
    guard steps.count > limit else { return steps }
    return (0..<limit).map { steps[$0 * (steps.count - 1) / (limit - 1)] }
  }

  /// How many were at risk at a time: under observation before it, and not gone before it.
  func atRisk(at time: Double) -> Int {
    guard let next = times.partitionPoint({ $0 >= time }), time >= 0 else { return 0 }
    // Late entries between here and the next departure are in its count, but not here yet.
    return atRisk[next] - (enteredLate(before: times[next]) - enteredLate(before: time))
  }

  /// Of how many the state right after a time is known: those that ended by then, and those that are
  /// still at risk.
  func known(after step: Int?) -> Int {
    guard let step else { return atRisk(at: 0) }
    let left = atRisk[step] - ended[step] - censored[step]
    return ended[...step].reduce(0, +) + left
  }

  private func enteredLate(before time: Double) -> Int {
    let next = lateEntries.partitionPoint({ $0 >= time }) ?? lateEntries.count
    return next == 0 ? 0 : enteredLate[next - 1]
  }
}
