import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import Testing

@testable import Notifier

@Suite struct DeliveryRouteTests {
  /// Five deals, each a delivery to each of two subscriptions.
  private func withDeliveries(
    _ body: @Sendable (API, _ subscription: EntityID) async throws -> Void
  ) async throws {
    try await withAPI { api in
      let first = try await api.pool.subscribe()
      try await api.pool.subscribe()
      try await api.pool.read(
        (1...5).map { number in
          var story = Story(number, at: Story.start.adding(seconds: Double(number)))
          return story.create()
        })
      api.clock.advance(seconds: 10)
      try await body(api, first)
    }
  }

  @Test func theLogIsFilteredAndHasPages() async throws {
    try await withDeliveries { api, subscription in
      let records = try await api.pool.deliveries(to: subscription)
      #expect(records.count == 5 && records.map(\.id) == records.map(\.id).sorted().reversed())
      var found: [String] = []
      var uri = "/v1/deliveries?limit=2&subscriptionId=\(subscription)"
      while true {
        let answer = try await api.get(uri)
        found += answer["items"].items.compactMap(\.["id"].text)
        guard let next = answer["next"].text else { break }
        uri = "/v1/deliveries?limit=2&subscriptionId=\(subscription)&cursor=\(next)"
      }
      #expect(found == records.map(\.id.description))
      let ofEvent = try await api.get("/v1/deliveries?eventId=\(records[0].eventID)")
      #expect(ofEvent["items"].items.count == 2)
      for (status, count) in [
        ("pending", 10), ("sending", 0), ("held", 0), ("delivered", 0), ("failed", 0),
      ] {
        let answer = try await api.get("/v1/deliveries?status=\(status)")
        #expect(answer["items"].items.count == count)
      }
      let wrong = try await api.get("/v1/deliveries?status=odd&eventId=x&subscriptionId=y")
      #expect(
        wrong.refused.sorted() == [
          "invalid-parameter eventId", "invalid-parameter status",
          "invalid-parameter subscriptionId",
        ])
    }
  }

  @Test func aDeliveryShowsItsAttempts() async throws {
    try await withDeliveries { api, subscription in
      let queue = DeliveryQueue(pool: api.pool, limits: SendingLimits())
      let claimed = try #require(
        try await queue.claim(busy: [:], now: api.clock.now).first {
          $0.subscriptionID == subscription
        })
      let sending = try await api.get("/v1/deliveries/\(claimed.id)")
      #expect(sending["status"] == "sending" && sending["dueAt"] == .null)
      let busy = try await api.send(.post, "/v1/deliveries/\(claimed.id)/retry")
      #expect(busy.status == 409 && busy["code"] == "delivery-being-sent")
      let outcome = AttemptOutcome.answered(
        status: 502, retryAfter: nil, location: nil, excerpt: "Bad Gateway")
      let again = api.clock.now.adding(seconds: 5)
      _ = try await queue.record(
        Attempt(at: api.clock.now, milliseconds: 31, outcome: outcome),
        .retry(at: again, quietUntil: nil), of: claimed, now: api.clock.now)
      // By the webhook-id that the receiver saw.
      let answer = try await api.get("/v1/deliveries/\(claimed.webhookID)")
      #expect(answer["status"] == "pending" && answer["dueAt"].text == again.description)
      let attempt = try #require(answer["attempts"].items.first)
      #expect(attempt["number"] == 1 && attempt["status"] == 502 && attempt["durationMs"] == 31)
      #expect(attempt["error"] == "answered 502" && attempt["answer"] == "Bad Gateway")
    }
  }

  @Test func aRetryIsDueAtOnceUnderTheSameID() async throws {
    try await withDeliveries { api, subscription in
      let record = try await api.pool.deliveries(to: subscription)[0]
      for status in ["failed", "delivered", "pending"] {
        try await api.pool.execute(
          """
          UPDATE deliveries SET status = $2, failures = 9, due_at = $3, finished_at = $3
          WHERE id = $1
          """, record.id, status, api.clock.now.adding(days: 1))
        try await api.pool.execute(
          "UPDATE subscriptions SET not_before = $1", api.clock.now.adding(days: 1))
        let answer = try await api.send(.post, "/v1/deliveries/\(record.id)/retry")
        #expect(answer.status == 202 && answer["webhookId"].text == "msg_\(record.id)")
        await api.due.wait(for: .seconds(60))
        let queue = DeliveryQueue(pool: api.pool, limits: SendingLimits(perSubscription: 9))
        let claimed = try await queue.claim(busy: [:], now: api.clock.now)
        let found = try #require(claimed.first { $0.id == record.id })
        #expect(found.failures == 0)
        for delivery in claimed { try await queue.release(delivery) }
      }
    }
  }

  @Test func nothingIsSentAgainToWhoIsNotActive() async throws {
    try await withDeliveries { api, subscription in
      let record = try await api.pool.deliveries(to: subscription)[0]
      for status in ["paused", "disabled"] {
        try await api.pool.execute("UPDATE subscriptions SET status = $1", status)
        let shown = try await api.get("/v1/deliveries/\(record.id)")
        #expect(shown["status"] == "held")
        let answer = try await api.send(.post, "/v1/deliveries/\(record.id)/retry")
        #expect(answer.status == 409 && answer["code"] == "subscription-not-active")
      }
    }
  }

  @Test func whoMayAndWhatIsThere() async throws {
    try await withDeliveries { api, subscription in
      let record = try await api.pool.deliveries(to: subscription)[0]
      for role in Role.allCases {
        let isAllowed = [Role.manager, .admin].contains(role)
        let list = try await api.get("/v1/deliveries", as: role)
        #expect(list.status == (isAllowed ? 200 : 403))
        let one = try await api.get("/v1/deliveries/\(record.id)", as: role)
        #expect(one.status == (isAllowed ? 200 : 403))
        let retry = try await api.send(.post, "/v1/deliveries/\(record.id)/retry", as: role)
        #expect(retry.status == (isAllowed ? 202 : 403))
      }
      for id in ["x", "msg_x", Story(77).id.description] {
        #expect(try await api.get("/v1/deliveries/\(id)").status == 404)
        #expect(try await api.send(.post, "/v1/deliveries/\(id)/retry").status == 404)
      }
    }
  }
}
