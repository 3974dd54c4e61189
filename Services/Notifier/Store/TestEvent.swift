import Contracts
import Messaging
import Postgres

extension SubscriptionStore {
  /// Makes a delivery of an event that tells of nothing but the test; returns its identity, or nil
  /// when there is no such subscription.
  func sendTest(to id: EntityID, by actor: String, now: Instant) async throws -> EntityID? {
    let event = OutgoingEvent(
      id: .make(at: now), type: KnownTypes.test, source: NotifierSource.name, occurredAt: now,
      recordedAt: now, opportunityID: nil,
      subject: EventSubject(pipeline: "", stages: []),
      data: try JSONCoding.encode(TestData(subscriptionId: id, actor: actor, recordedAt: now)))
    let delivery = DerivedIdentity.delivery(of: event, to: id)
    let written = try await pool.execute(
      """
      INSERT INTO deliveries (id, subscription_id, event_id, event_type, body, due_at, created_at)
      SELECT $1, id, $3, $4, $5, $6, $6 FROM subscriptions
      WHERE id = $2 AND \(Subscription.isThere)
      """, delivery, id, event.id, event.type, try event.body(), now)
    return written == 1 ? delivery : nil
  }

  private struct TestData: Encodable {
    let subscriptionId: EntityID
    let actor: String
    let recordedAt: Instant
  }
}
