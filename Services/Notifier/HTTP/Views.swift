import Contracts

/// A subscription as it is shown; what has no value is left out.
struct SubscriptionView: Encodable, Sendable {
  let id: EntityID
  let url: String
  let description: String?
  let types: [String]
  let filter: EventFilter
  let status: Subscription.Status
  let disabledReason: String?
  /// Shown at its making only.
  let secret: String?
  let previousSecretUntil: Instant?
  let failingSince: Instant?
  let createdBy: String
  /// Left out where it hears of all deals.
  let boundTo: String?
  let createdAt: Instant
  let updatedAt: Instant

  init(_ subscription: Subscription, secret: WebhookSecret? = nil, now: Instant) {
    id = subscription.id
    url = subscription.url
    description = subscription.description
    types = subscription.types
    filter = subscription.filter
    status = subscription.status
    disabledReason = subscription.disabledReason
    self.secret = secret?.text
    previousSecretUntil = subscription.previousSecretUntil.flatMap { $0 > now ? $0 : nil }
    failingSince = subscription.failingSince
    createdBy = subscription.createdBy
    boundTo = subscription.boundTo
    createdAt = subscription.createdAt
    updatedAt = subscription.updatedAt
  }
}

/// What a request made due.
struct AcceptedView: Encodable, Sendable {
  let id: EntityID
  let webhookId: String

  init(id: EntityID) {
    self.id = id
    webhookId = "msg_\(id)"
  }
}

/// A delivery with its attempts; what has no value is left out.
struct DeliveryView: Encodable, Sendable {
  struct AttemptView: Encodable, Sendable {
    let number: Int
    let at: Instant
    let durationMs: Int
    let status: Int?
    let error: String?
    let answer: String?
  }

  let id: EntityID
  let webhookId: String
  let subscriptionId: EntityID
  let eventId: EntityID
  let type: String
  let opportunityId: EntityID?
  let status: DeliveryRecord.Status
  /// Of the next attempt, where one is to come.
  let dueAt: Instant?
  let createdAt: Instant
  let finishedAt: Instant?
  let attempts: [AttemptView]

  init(_ record: DeliveryRecord) {
    id = record.id
    webhookId = "msg_\(record.id)"
    subscriptionId = record.subscriptionID
    eventId = record.eventID
    type = record.eventType
    opportunityId = record.opportunityID
    status = record.status
    dueAt = [.pending, .held].contains(record.status) ? record.dueAt : nil
    createdAt = record.createdAt
    finishedAt = record.finishedAt
    attempts = record.attempts.map {
      AttemptView(
        number: $0.number, at: $0.at, durationMs: $0.milliseconds, status: $0.status,
        error: $0.error, answer: $0.answer)
    }
  }
}

/// A deadline of a deal.
struct FollowUpView: Encodable, Sendable {
  let opportunityId: EntityID
  let name: String?
  let pipeline: String
  let stage: String
  let owner: String?
  let team: String?
  let dueAt: Instant
  let overdue: Bool
  /// When the notice was given that this deadline passed.
  let remindedAt: Instant?

  init?(_ followUp: FollowUp, now: Instant) {
    guard let dueAt = followUp.dueAt else { return nil }
    opportunityId = followUp.opportunityID
    name = followUp.name
    pipeline = followUp.pipeline
    stage = followUp.stage
    owner = followUp.owner
    team = followUp.team
    self.dueAt = dueAt
    overdue = dueAt <= now
    remindedAt = followUp.remindedDueAt == dueAt ? followUp.remindedAt : nil
  }
}
