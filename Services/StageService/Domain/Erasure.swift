import Contracts

/// What the erasure of a deal's personal data comes to. Pure.
///
/// Everything that says where the deal stood, since when, for how much and who moved it stays, so that
/// no figure changes.
struct Erasure: Sendable {
  /// What an administrator asks for.
  struct Request: Codable, Sendable {
    var reason: String
    /// The names of deal and account, too; nil: they stay.
    var names: Bool?
  }

  let event: StageEvent
  /// The deal after the event.
  let state: Opportunity
  /// The events before it that are no longer what they were.
  let rewritten: [StageEvent]

  /// Nil where nothing is left to erase.
  ///
  /// - Parameter history: all events of the deal in order.
  init?(
    _ request: Request, of deal: Opportunity, history: [StageEvent], by decider: Decider
  ) {
    let erased = ErasedData(
      fields: Erasure.personalFields(of: deal, history, in: decider.definition),
      names: request.names == true)
    let after = history.map { event in
      StageEvent(id: event.id, type: event.type, data: event.data.erasing(erased))
    }
    rewritten = zip(history, after).filter { $0 != $1 }.map(\.1)
    // What the deal's state has of the history, it has of the history as it is now.
    var left = deal
    if let folded = Erasure.fold(after) {
      left.name = folded.name
      left.account = folded.account
      left.fields = folded.fields
      left.nextStep = folded.nextStep
      left.state.feedback = folded.state.feedback
      left.state.evidence = folded.state.evidence
      left.state.mergedFrom = folded.state.mergedFrom
    }
    var changes = Changes(to: left)
    changes.patch(
      OpportunityPatch(
        nextStep: .clear,
        fields: Dictionary(uniqueKeysWithValues: erased.fields.map { ($0, .null) })))
    if rewritten.isEmpty, changes.list.isEmpty { return nil }
    let command = StageCommand(
      id: decider.context.eventID, opportunityId: deal.id,
      action: .update(OpportunityPatch(reason: request.reason)))
    var event = decider.changed(deal, changes.list, command, reason: request.reason)
    event.type = .erased
    event.data.erased = erased
    self.event = event
    state = left.applying(event)
  }

  private static func fold(_ events: [StageEvent]) -> Opportunity? {
    events.reduce(nil) { $0?.applying($1) ?? Opportunity($1) }
  }

  /// Those that the definition calls personal, and those that hold or have held a mail address or a
  /// telephone number.
  private static func personalFields(
    of deal: Opportunity, _ history: [StageEvent], in definition: PipelineDefinition
  ) -> [String] {
    let prefix = Opportunity.Field.customPrefix
    var found: Set<String> = []
    func look(_ key: String, _ value: JSONValue) {
      guard value != .null else { return }
      if definition.field(key)?.personal == true
        || !DealContacts.keys(field: key, value: value).isEmpty
      {
        found.insert(key)
      }
    }
    for (key, value) in deal.fields { look(key, value) }
    for change in history.flatMap(\.changes) where change.field.hasPrefix(prefix) {
      let key = String(change.field.dropFirst(prefix.count))
      look(key, change.old)
      look(key, change.new)
    }
    return found.sorted()
  }
}
