import Contracts

/// The answer to `POST /v1/activities`.
struct AcceptedView: Encodable, Sendable {
  struct Item: Encodable, Sendable {
    let source: String
    let id: String
    /// Only where it had been here before.
    let duplicate: Bool?
  }

  let accepted: Int
  let items: [Item]
}

/// What was observed, with the identity that its publisher gave it.
struct ActivityView: Encodable, Sendable {
  let source: String
  let id: String
  let time: Instant?
  let kind: String
  let direction: ActivityDirection?
  let opportunityId: EntityID?
  let externalId: String?
  let contact: Contact?
  let subject: String?
  let text: String?
  let at: Instant?
  let evidence: EvidenceLink?

  init(_ activity: Activity) {
    let observation = activity.observation
    source = activity.source
    id = activity.id
    time = activity.time
    kind = observation.kind
    direction = observation.direction
    opportunityId = observation.opportunityId
    externalId = observation.externalId
    contact = observation.contact
    subject = observation.subject
    text = observation.text
    at = observation.at
    evidence = observation.evidence
  }
}

/// An activity that belongs to no deal, and why.
struct UnmatchedView: Encodable, Sendable {
  let id: EntityID
  let activity: ActivityView
  let reason: UnmatchedReason
  let message: LocalizedText
  let candidates: [EntityID]
  let errors: [GateFailure]
  let receivedAt: Instant

  init(_ row: UnmatchedStore.Row) {
    id = row.activity.key
    activity = ActivityView(row.activity)
    reason = row.unmatched.reason
    message = row.unmatched.reason.message
    candidates = row.unmatched.candidates
    errors = row.unmatched.errors
    receivedAt = row.activity.receivedAt
  }
}

/// Where an activity stands.
struct StandingView: Encodable, Sendable {
  let id: EntityID
  let activity: ActivityView
  let state: ActivityTables.State
  let receivedAt: Instant
  let opportunityId: EntityID?
  let matchedBy: MatchedBy?
  /// Who assigned or dismissed it.
  let decidedBy: String?
  /// Of the event in the deal's history.
  let sequence: Int64?
  let reason: UnmatchedReason?
  let candidates: [EntityID]?
  let errors: [GateFailure]?
  let proposals: [ProposalView]

  init(_ standing: ActivityStore.Standing) {
    id = standing.activity.key
    activity = ActivityView(standing.activity)
    state = standing.state
    receivedAt = standing.activity.receivedAt
    opportunityId = standing.opportunityID
    matchedBy = standing.matchedBy
    decidedBy = standing.decidedBy
    sequence = standing.sequence
    reason = standing.unmatched?.reason
    candidates = standing.unmatched?.candidates
    errors = standing.unmatched?.errors
    proposals = standing.proposals.map(ProposalView.init)
  }
}

/// A proposal as it is shown.
struct ProposalView: Encodable, Sendable {
  let id: EntityID
  let opportunityId: EntityID
  /// Of the deal, as they are now.
  let name: String?
  let owner: String?
  let team: String?
  let pipeline: String
  let from: String
  let to: String
  let rule: String
  let mode: Rule.Mode
  let status: Proposal.Status
  let fields: [String: JSONValue]
  let evidence: RuleEvidence
  let furtherEvidence: [RuleEvidence]
  let confirmedBy: String?
  let rejectedBy: String?
  /// Somebody rejected it while its move was under way.
  let rejectRequested: Bool
  let reason: String?
  let errors: [GateFailure]
  let eventId: EntityID?
  let sequence: Int64?
  let createdAt: Instant
  let updatedAt: Instant

  init(_ row: ProposalStore.Row) {
    let proposal = row.proposal
    id = proposal.id
    opportunityId = proposal.opportunityID
    name = row.name
    owner = row.owner
    team = row.team
    pipeline = proposal.pipeline
    from = proposal.from
    to = proposal.to
    rule = proposal.rule
    mode = proposal.mode
    status = proposal.status
    fields = proposal.fields
    evidence = proposal.evidence
    furtherEvidence = proposal.furtherEvidence
    confirmedBy = proposal.confirmedBy
    rejectedBy = proposal.rejectedBy
    rejectRequested = proposal.status == .sent && proposal.rejectedBy != nil
    reason = proposal.reason
    errors = proposal.errors
    eventId = proposal.eventID
    sequence = proposal.sequence
    createdAt = proposal.createdAt
    updatedAt = proposal.updatedAt
  }
}
