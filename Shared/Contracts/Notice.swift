/// What a person must hear of although no deal changed its stage, on `notices.v1`.
package struct Notice: Hashable, Sendable {
  package var id: EntityID
  package var type: NoticeType
  package var data: NoticeData

  package init(id: EntityID, type: NoticeType, data: NoticeData) {
    self.id = id
    self.type = type
    self.data = data
  }
}

package enum NoticeType: String, Codable, CaseIterable, Sendable {
  /// A rule proposes a move that a person must confirm or reject.
  case reviewRequested = "sluice.review-requested.v1"
  /// A deal's follow-up deadline passed without an activity or a move.
  case followUpMissed = "sluice.follow-up-missed.v1"
}

package struct NoticeData: Codable, Hashable, Sendable {
  package var opportunityId: EntityID
  package var name: String?
  package var pipeline: String
  package var stage: String
  package var owner: String?
  package var team: String?
  package var recordedAt: Instant
  package var message: LocalizedText
  /// Of a missed follow-up: when it was due.
  package var dueAt: Instant?
  /// Of a review: the proposal that waits, the stage it leads to, and why.
  package var proposalId: EntityID?
  package var to: String?
  package var evidence: RuleEvidence?

  package init(
    opportunityId: EntityID, name: String? = nil, pipeline: String, stage: String,
    owner: String? = nil, team: String? = nil, recordedAt: Instant, message: LocalizedText,
    dueAt: Instant? = nil, proposalId: EntityID? = nil, to: String? = nil,
    evidence: RuleEvidence? = nil
  ) {
    self.opportunityId = opportunityId
    self.name = name
    self.pipeline = pipeline
    self.stage = stage
    self.owner = owner
    self.team = team
    self.recordedAt = recordedAt
    self.message = message
    self.dueAt = dueAt
    self.proposalId = proposalId
    self.to = to
    self.evidence = evidence
  }
}

extension Notice: TopicPayload {
  package static var topic: Topic { .notices }
  package var messageKey: String { data.opportunityId.description }
  package var messageID: String { id.description }
  package var messageType: String { type.rawValue }
  package var messageTime: Instant? { data.recordedAt }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(data) }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> Notice? {
    guard let type = NoticeType(rawValue: event.type) else { return nil }
    guard let id = EntityID(event.id) else {
      throw MessageFailure(.invalidEnvelope, "the event id \(event.id) is not a UUID")
    }
    return Notice(id: id, type: type, data: try JSONCoding.decode(NoticeData.self, from: data))
  }
}
