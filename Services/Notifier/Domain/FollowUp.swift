import Contracts

/// Where a deal stands and until when somebody must have followed up, as its newest event says.
///
/// Events of one deal may come once more and, when a send was repeated, out of order: the highest
/// (epoch, sequence) wins, which is all that a timer needs.
struct FollowUp: Hashable, Sendable {
  var opportunityID: EntityID
  var epoch: Int64
  var sequence: Int64
  var pipeline: String
  /// Empty while not known.
  var stage: String
  var category: StageCategory?
  var owner: String?
  var team: String?
  var name: String?
  var partition: Int32
  /// Nil where nothing is due: no deadline, an activity since the entry, or a closed deal.
  var dueAt: Instant?
  /// A notice is to be given when `dueAt` has passed.
  var remind = false
  /// The deadline of the last notice.
  var remindedDueAt: Instant?
  var remindedAt: Instant?

  /// Takes an event in; false when a newer one was seen, and the event changed nothing that counts.
  @discardableResult
  mutating func apply(_ event: StageEvent, partition: Int32) -> Bool {
    guard (event.epoch, event.sequence) > (epoch, sequence) else {
      // Told late, but never told otherwise.
      if name == nil { name = event.newName }
      if stage.isEmpty, let to = event.to {
        stage = to
        category = event.toCategory
      }
      return false
    }
    self.partition = partition
    update(from: event)
    return true
  }

  private mutating func update(from event: StageEvent) {
    epoch = event.epoch
    sequence = event.sequence
    pipeline = event.pipeline
    owner = event.owner
    team = event.team
    name = event.newName ?? name
    if let to = event.to { stage = to }
    if let toCategory = event.toCategory { category = toCategory }
    setDeadline(event.followUpDueAt, recordedAt: event.recordedAt)
  }

  /// A deadline that had passed when it was set reminds of nothing: an import of old deals must not
  /// call thousands at once. One that an event only repeats stays as it was.
  private mutating func setDeadline(_ deadline: Instant?, recordedAt: Instant) {
    let isOpen = category == .open || category == .postWin
    let due = isOpen ? deadline : nil
    defer { dueAt = due }
    guard let due, due != remindedDueAt else {
      remind = false
      return
    }
    remind = due > recordedAt || (remind && due == dueAt)
  }
}

extension FollowUp {
  init(first event: StageEvent, partition: Int32) {
    self.init(
      opportunityID: event.opportunityId, epoch: event.epoch, sequence: event.sequence,
      pipeline: event.pipeline, stage: "", partition: partition)
    update(from: event)
  }
}

extension StageEventData {
  /// The deal's name where the event changes it.
  var changedName: String? {
    guard case .string(let text)? = changes.last(where: { $0.field == "name" })?.new else {
      return nil
    }
    return text
  }
}

extension StageEvent {
  /// The deal's name where the event sets it.
  fileprivate var newName: String? {
    if data.erased?.names == true { return ErasedData.mark }
    return data.name ?? data.changedName
  }
}
