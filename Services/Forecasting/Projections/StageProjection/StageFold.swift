import Contracts

/// Turns events into row changes, without I/O.
///
/// It is given the loaded rows of `current_stage` of the batch's opportunities and the events that
/// are new, in order per opportunity. A visit begins with `created` and with a `moved` to another
/// stage; a `moved` to the same stage and a `changed` only bring the current row up to date.
struct StageFold {
  private var rows: [EntityID: Working]
  private var touched: [EntityID] = []
  private var endedVisits: [Visit] = []
  private var counters: [CounterKey: CounterDelta] = [:]

  private struct Working {
    var row: CurrentStage
    var isTouched = false
    /// The open visit began in this batch, so its row is not there yet.
    var isEntered = false
    /// The stage's category when the visit began; a newer pipeline version may have another.
    var enteredCategory: StageCategory

    init(_ row: CurrentStage) {
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

  init(current: [EntityID: CurrentStage]) {
    rows = current.mapValues(Working.init)
  }

  struct Changes {
    /// One row per opportunity, by identity.
    var current: [CurrentStage] = []
    /// Visits that began or ended; each at most once.
    var visits: [Visit] = []
    /// By key, so that two projectors lock the rows in the same order.
    var counters: [(key: CounterKey, delta: CounterDelta)] = []
  }

  static func fold(current: [EntityID: CurrentStage], events: [StageEvent]) -> Changes {
    var fold = StageFold(current: current)
    for event in events { fold.apply(event) }
    return fold.changes()
  }

  mutating func apply(_ event: StageEvent) {
    let id = event.data.opportunityId
    guard let index = rows.index(forKey: id) else {
      guard event.opensVisit else { return }
      var working = Working(CurrentStage(first: event))
      working.isTouched = true
      working.apply(event)
      rows[id] = working
      touched.append(id)
      countEntry(event)
      return
    }
    if !rows.values[index].isTouched {
      rows.values[index].isTouched = true
      touched.append(id)
    }
    if event.opensVisit {
      countEnd(of: rows.values[index], with: event)
      countEntry(event)
    }
    rows.values[index].apply(event)
  }

  consuming func changes() -> Changes {
    var changes = Changes()
    touched.sort()
    changes.current.reserveCapacity(touched.count)
    changes.visits = endedVisits
    for id in touched {
      guard let working = rows[id] else { continue }
      changes.current.append(working.row)
      if working.isEntered { changes.visits.append(working.visit()) }
    }
    changes.counters = counters.map { (key: $0.key, delta: $0.value) }
    changes.counters.sort { $0.key < $1.key }
    return changes
  }

  private mutating func countEntry(_ event: StageEvent) {
    let data = event.data
    let key = CounterKey(
      pipeline: data.pipeline, day: data.occurredAt.day, stage: data.to ?? "",
      owner: data.owner ?? "", team: data.team ?? "")
    counters[key, default: CounterDelta()].entered += 1
  }

  private mutating func countEnd(of working: Working, with event: StageEvent) {
    let visit = working.visit(endedBy: event)
    endedVisits.append(visit)
    if event.data.epoch > working.row.epoch {
      // The restored database issues these sequences once more; a row has room for one visit.
      endedVisits.removeAll {
        $0.opportunityID == visit.opportunityID && $0.enteredSequence >= event.data.sequence
      }
    }
    let key = CounterKey(
      pipeline: visit.pipeline, day: event.data.occurredAt.day, stage: visit.stage,
      owner: working.row.owner ?? "", team: working.row.team ?? "")
    counters[key, default: CounterDelta()].addEnd(of: visit)
  }
}

extension StageEvent {
  var opensVisit: Bool {
    switch type {
    case .created: true
    case .moved: !(data.from ?? "").hasSameBytes(as: data.to ?? "")
    case .changed: false
    }
  }

  var isEntryUnknown: Bool { type == .created && data.entryUnknown == true }

  /// Which way the deal left its stage; nil when it did not.
  var direction: MoveDirection? {
    type == .moved && opensVisit ? MoveDirection.of(data) : nil
  }
}

extension CounterDelta {
  fileprivate mutating func addEnd(of visit: Visit) {
    guard let leaving = visit.leaving else { return }
    switch leaving.direction {
    case .advance: advanced += 1
    case .back: back += 1
    case .lost: lost += 1
    case .reopen: reopened += 1
    case nil: break
    }
    if let enteredAt = visit.enteredAt {
      endedKnown += 1
      dwellSeconds += max(0, leaving.at.microseconds - enteredAt.microseconds) / 1_000_000
    }
  }
}

extension CurrentStage {
  /// Everything that `enter` and `update` do not set.
  fileprivate init(first event: StageEvent) {
    let data = event.data
    self.init(
      opportunityID: data.opportunityId, epoch: data.epoch, sequence: data.sequence,
      pipeline: data.pipeline, pipelineVersion: data.pipelineVersion, stage: "",
      category: .open, position: 0, name: data.name, account: data.account?.name,
      enteredSequence: data.sequence, occurredAt: data.occurredAt)
  }

  fileprivate mutating func enter(_ event: StageEvent) {
    let data = event.data
    pipeline = data.pipeline
    stage = data.to ?? ""
    category = data.toCategory ?? .open
    position = data.toPosition ?? 0
    enteredAt = event.isEntryUnknown ? nil : data.occurredAt
    enteredSequence = data.sequence
  }

  /// What every event says about the opportunity as it is afterwards.
  fileprivate mutating func update(from event: StageEvent) {
    let data = event.data
    epoch = data.epoch
    sequence = data.sequence
    pipelineVersion = data.pipelineVersion
    if data.to == stage, let category = data.toCategory, let position = data.toPosition {
      self.category = category
      self.position = position
    }
    owner = data.owner
    team = data.team
    amount = data.amount
    followUpDueAt = data.followUpDueAt
    benchmarkDays = data.benchmarkDays
    occurredAt = data.occurredAt
    for change in data.changes {
      if change.field == "name" { name = change.new.label }
      if change.field == "account" { account = change.new.label }
    }
  }

  fileprivate func visit(category: StageCategory, endedBy event: StageEvent?) -> Visit {
    Visit(
      opportunityID: opportunityID, enteredSequence: enteredSequence, pipeline: pipeline,
      stage: stage, category: category, enteredAt: enteredAt,
      leaving: event.map {
        Visit.Leaving(
          at: $0.data.occurredAt, sequence: $0.data.sequence, to: $0.data.to ?? "",
          direction: $0.direction)
      })
  }
}

extension JSONValue {
  /// The text, or the name of an object such as an account.
  fileprivate var label: String? {
    switch self {
    case .string(let text): text
    case .object(let members): members["name"]?.label
    case .null, .boolean, .integer, .number, .array: nil
    }
  }
}
