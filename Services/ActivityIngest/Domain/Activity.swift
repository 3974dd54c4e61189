import Contracts

/// An activity on its way through this service.
struct Activity: Sendable {
  /// What it is about, in order of certainty; only the first that the sender gave counts.
  enum Reference: Hashable, Sendable {
    case opportunity(EntityID)
    case externalID(String)
    case contact(Set<ContactKey>)
    case none
  }

  /// Derived from source and id.
  let key: EntityID
  let source: String
  let id: String
  let time: Instant?
  let receivedAt: Instant
  let observation: ActivityObservation
  /// Of the message that told of it.
  let traceparent: String?
  /// How often it was given to a deal so far.
  var attempt: Int

  init(
    key: EntityID, source: String, id: String, time: Instant?, receivedAt: Instant,
    observation: ActivityObservation, traceparent: String?, attempt: Int
  ) {
    self.key = key
    self.source = source
    self.id = id
    self.time = time
    self.receivedAt = receivedAt
    self.observation = observation
    self.traceparent = traceparent
    self.attempt = attempt
  }

  init(_ observed: ObservedActivity, receivedAt: Instant, traceparent: String?) {
    self.init(
      key: DerivedID.activity(source: observed.source, id: observed.id), source: observed.source,
      id: observed.id, time: observed.time, receivedAt: receivedAt,
      observation: observed.observation, traceparent: traceparent, attempt: 0)
  }

  var reference: Reference {
    if let id = observation.opportunityId { return .opportunity(id) }
    if let id = observation.externalId, !id.isEmpty { return .externalID(id) }
    let keys = observation.contact?.keys ?? []
    return keys.isEmpty ? .none : .contact(keys)
  }

  /// As the events that it causes name it.
  var cause: String { "activity:\(source)/\(id)" }

  static let summaryLimit = 2_000

  /// As it stands in the deal's history.
  var record: ActivityRecord {
    ActivityRecord(
      source: source, id: id, kind: observation.kind, direction: observation.direction,
      at: observation.at ?? time ?? receivedAt,
      subject: observation.subject.map { $0.first(ActivityCheck.textLimit) },
      summary: observation.text.map { $0.first(Activity.summaryLimit) },
      contact: observation.contact, evidence: observation.evidence)
  }
}

extension String {
  /// The first so many Unicode code points. A character may be of any number of them.
  fileprivate func first(_ count: Int) -> String { String(unicodeScalars.prefix(count)) }
}
