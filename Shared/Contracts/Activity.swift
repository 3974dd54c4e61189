/// Something that happened outside, as it stands in a deal's history.
package struct ActivityRecord: Codable, Hashable, Sendable {
  /// `source` and `id` of the CloudEvent that told of it; together they are its identity.
  package var source: String
  package var id: String
  /// `email`, `call`, `chat`, `meeting`, `document`, `signature`, or a kind of the publisher's own.
  package var kind: String
  package var direction: ActivityDirection?
  /// When it happened.
  package var at: Instant
  package var subject: String?
  /// The words of it, or what somebody noted.
  package var summary: String?
  package var contact: Contact?
  package var evidence: EvidenceLink?

  package init(
    source: String, id: String, kind: String, direction: ActivityDirection? = nil, at: Instant,
    subject: String? = nil, summary: String? = nil, contact: Contact? = nil,
    evidence: EvidenceLink? = nil
  ) {
    self.source = source
    self.id = id
    self.kind = kind
    self.direction = direction
    self.at = at
    self.subject = subject
    self.summary = summary
    self.contact = contact
    self.evidence = evidence
  }
}

/// Seen from us: `inbound` comes from the customer.
package enum ActivityDirection: String, Codable, CaseIterable, Sendable {
  case inbound, outbound
}

/// How a person outside can be reached.
package struct Contact: Codable, Hashable, Sendable {
  package var email: String?
  package var phone: String?

  package init(email: String? = nil, phone: String? = nil) {
    self.email = email
    self.phone = phone
  }
}

/// Where a document that proves something lies.
package struct EvidenceLink: Codable, Hashable, Sendable {
  package var url: String
  /// Of the content, in hexadecimal digits.
  package var sha256: String?
  package var title: String?

  package init(url: String, sha256: String? = nil, title: String? = nil) {
    self.url = url
    self.sha256 = sha256
    self.title = title
  }
}

/// Which words of which activity made a rule propose a move.
package struct RuleEvidence: Codable, Hashable, Sendable {
  package var activitySource: String
  package var activityId: String
  package var proposalId: EntityID?
  package var rule: String
  package var intent: String
  /// The words as they stand in the activity's text.
  package var words: String
  /// Where they stand: offsets in Unicode code points, `end` exclusive.
  package var start: Int
  package var end: Int
  /// Between 0 and 1.
  package var confidence: Double

  package init(
    activitySource: String, activityId: String, proposalId: EntityID? = nil, rule: String,
    intent: String, words: String, start: Int, end: Int, confidence: Double
  ) {
    self.activitySource = activitySource
    self.activityId = activityId
    self.proposalId = proposalId
    self.rule = rule
    self.intent = intent
    self.words = words
    self.start = start
    self.end = end
    self.confidence = confidence
  }
}
