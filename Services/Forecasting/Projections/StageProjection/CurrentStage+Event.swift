import Contracts
import Messaging

// How an event changes the row of `current_stage`.
extension CurrentStage {
  /// Everything that `enter` and `update` do not set.
  init(first event: StageEvent) {
    let data = event.data
    self.init(
      opportunityID: data.opportunityId, epoch: data.epoch, sequence: data.sequence,
      pipeline: data.pipeline, pipelineVersion: data.pipelineVersion, stage: "",
      category: .open, position: 0, enteredSequence: data.sequence, occurredAt: data.occurredAt,
      latestAt: data.occurredAt)
  }

  mutating func enter(_ event: StageEvent) {
    let data = event.data
    pipeline = data.pipeline
    stage = data.to ?? ""
    category = data.toCategory ?? .open
    position = data.toPosition ?? 0
    enteredAt = event.isEntryUnknown ? nil : data.occurredAt
    enteredSequence = data.sequence
    heldMicroseconds = 0
    if event.type == .created {
      createdAt = enteredAt
      close(Outcome(category), at: enteredAt)
    } else if Outcome(category) != outcome {
      close(Outcome(category), at: enteredAt)
    }
  }

  private mutating func close(_ outcome: Outcome?, at time: Instant?) {
    self.outcome = outcome
    closedAt = outcome == nil ? nil : time
  }

  /// What every event says about the opportunity as it is afterwards.
  mutating func update(from event: StageEvent) {
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
    latestAt = max(latestAt, occurredAt)
    if let hold = event.hold { note(hold: hold) }
    if event.type == .created {
      name = data.name
      account = data.account?.name
    }
    if data.erased?.names == true {
      if name != nil { name = ErasedData.mark }
      if account != nil { account = ErasedData.mark }
    }
    for change in data.changes {
      if change.field == "name" { name = change.new.label }
      if change.field == "account" { account = change.new.label }
    }
  }

  private mutating func note(hold: Bool) {
    if hold {
      heldSince = heldSince ?? occurredAt
    } else {
      heldMicroseconds += lastingHold(until: occurredAt)
      heldSince = nil
    }
  }

  /// Of a hold that lasts: the part that falls into the open visit.
  private func lastingHold(until time: Instant) -> Int64 {
    guard let heldSince else { return 0 }
    let begin = max(heldSince, enteredAt ?? heldSince)
    return max(0, time.microseconds - begin.microseconds)
  }

  /// The deal stands where its course has led it.
  mutating func stand(in stay: StageCourse.Stay, _ standing: StageFact, _ course: StageCourse) {
    pipeline = stay.begin.pipeline
    stage = stay.begin.to ?? ""
    category = standing.category ?? category
    position = standing.stagePosition ?? position
    enteredAt = stay.enteredAt
    enteredSequence = stay.begin.position.sequence
    latestAt = course.facts.map(\.occurredAt).max() ?? latestAt
    heldSince = course.holds.openSince
    heldMicroseconds = course.holds.ended(since: enteredAt)
    createdAt = course.stays.first?.enteredAt
    close(nil, at: nil)
    for stay in course.stays where Outcome(stay.begin.category) != outcome {
      close(Outcome(stay.begin.category), at: stay.enteredAt)
    }
  }

  func visit(category: StageCategory, endedBy event: StageEvent?) -> Visit {
    Visit(
      opportunityID: opportunityID, enteredSequence: enteredSequence, pipeline: pipeline,
      stage: stage, category: category, enteredAt: enteredAt,
      leaving: event.map {
        Visit.Leaving(
          at: $0.data.occurredAt, sequence: $0.data.sequence, to: $0.data.to ?? "",
          direction: $0.direction, category: $0.data.toCategory, holder: holder,
          amountMinor: amount?.minor,
          heldMicroseconds: heldMicroseconds + lastingHold(until: $0.data.occurredAt))
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
