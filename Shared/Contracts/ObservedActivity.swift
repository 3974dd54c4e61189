/// An activity as any publisher tells of it, on `activities.v1` or over HTTP.
package struct ObservedActivity: Hashable, Sendable {
  package static let type = "sluice.activity-observed.v1"

  /// The CloudEvent's identity: `id` is unique within `source`.
  package var id: String
  package var source: String
  package var time: Instant?
  package var observation: ActivityObservation

  package init(id: String, source: String, time: Instant? = nil, observation: ActivityObservation) {
    self.id = id
    self.source = source
    self.time = time
    self.observation = observation
  }

  /// What activities of one deal have in common, so that they stay in order: the opportunity, else
  /// its external id, else the contact, else nothing but the activity itself.
  package var correlationKey: String {
    observation.opportunityId?.description ?? observation.externalId
      ?? observation.contact?.email?.lowercased() ?? observation.contact?.phone
      ?? "\(source)/\(id)"
  }
}

/// The data of an activity; only `kind` must be there.
package struct ActivityObservation: Codable, Hashable, Sendable {
  package var kind: String
  package var direction: ActivityDirection?
  package var opportunityId: EntityID?
  package var externalId: String?
  package var contact: Contact?
  package var subject: String?
  package var text: String?
  /// When it happened; nil: the event's `time`, else when it arrived.
  package var at: Instant?
  package var evidence: EvidenceLink?

  package init(
    kind: String, direction: ActivityDirection? = nil, opportunityId: EntityID? = nil,
    externalId: String? = nil, contact: Contact? = nil, subject: String? = nil,
    text: String? = nil, at: Instant? = nil, evidence: EvidenceLink? = nil
  ) {
    self.kind = kind
    self.direction = direction
    self.opportunityId = opportunityId
    self.externalId = externalId
    self.contact = contact
    self.subject = subject
    self.text = text
    self.at = at
    self.evidence = evidence
  }
}

extension ObservedActivity: TopicPayload {
  package static var topic: Topic { .activities }
  package var messageKey: String { correlationKey }
  package var messageID: String { id }
  package var messageType: String { ObservedActivity.type }
  package var messageTime: Instant? { time }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(observation) }

  /// The event's `subject` is the opportunity where the data names none and it is a UUID.
  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> ObservedActivity? {
    guard event.type == type else { return nil }
    var observation = try JSONCoding.decode(ActivityObservation.self, from: data)
    if observation.kind.isEmpty { throw MessageFailure(.invalidData, "/kind is empty") }
    if observation.opportunityId == nil, let subject = event.subject {
      observation.opportunityId = EntityID(subject)
    }
    return ObservedActivity(
      id: event.id, source: event.source, time: event.time, observation: observation)
  }
}
