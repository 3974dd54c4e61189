import Contracts
import Postgres
import TestSupport
import Testing

@testable import Notifier

@Suite struct DeliverySenderTests {
  private func deals(_ count: Int) -> [StageEvent] {
    (0..<count).map { number in
      var story = Story(number)
      return story.create()
    }
  }

  private func statuses(
    _ pool: PostgresPool, _ id: EntityID
  ) async throws -> [DeliveryRecord.Status] {
    try await pool.deliveries(to: id).map(\.status)
  }

  @Test(.timeLimit(.minutes(3)))
  func everyEventArrivesOnceUnderItsID() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint { endpoint in
        let id = try await pool.subscribe(to: endpoint.url)
        let events = deals(40)
        try await pool.read(events)
        try await running([pool.sender(TestClock())]) {
          try await eventually("all are delivered") {
            try await statuses(pool, id).allSatisfy { $0 == .delivered }
          }
        }
        let records = try await pool.deliveries(to: id)
        #expect(
          endpoint.received.map(\.webhookID).sorted() == records.map { "msg_\($0.id)" }.sorted())
        #expect(Set(records.map(\.eventID)) == Set(events.map(\.id)))
        #expect(records.allSatisfy { $0.attempts.map(\.status) == [204] })
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func anEndpointThatHangsDelaysNobodyElse() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint(.hold) { slow in
        try await withEndpoint { fast in
          let slowID = try await pool.subscribe(to: slow.url)
          let fastID = try await pool.subscribe(to: fast.url)
          try await pool.read(deals(20))
          // Nothing is given up while the test looks.
          var limits = CourierLimits()
          limits.attempt = .seconds(600)
          try await running([pool.sender(TestClock(), limits: limits)]) {
            try await eventually("the fast one has everything") {
              try await statuses(pool, fastID).allSatisfy { $0 == .delivered }
            }
            try await eventually("the slow one has its share") { slow.held == 4 }
            #expect(
              try await statuses(pool, slowID).filter { $0 == .sending }.count == 4)
            // What comes later goes through as well.
            var story = Story(99)
            try await pool.read([story.create()])
            try await eventually("the fast one has the later event") { fast.received.count == 21 }
            #expect(slow.held == 4 && slow.received.count == 4)
            // Once it answers, it gets the rest.
            try await eventually("the slow one has everything") {
              slow.release()
              return try await statuses(pool, slowID).allSatisfy { $0 == .delivered }
            }
          }
          #expect(slow.received.count == 21)
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func aFailureIsTriedAgainWhenItIsTime() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint(.answer(500), .answer(500), .answer(200)) { endpoint in
        let clock = TestClock()
        let id = try await pool.subscribe(to: endpoint.url)
        try await pool.read(deals(1))
        try await running([pool.sender(clock)]) {
          for attempts in 1...3 {
            try await eventually("attempt \(attempts) is recorded") {
              try await pool.deliveries(to: id)[0].attempts.count == attempts
            }
            clock.advance(seconds: RetrySchedule.waits[attempts] * 1.2)
          }
        }
        let record = try await pool.deliveries(to: id)[0]
        #expect(record.status == .delivered)
        #expect(record.attempts.map(\.status) == [500, 500, 200])
        #expect(Set(endpoint.received.map(\.webhookID)).count == 1)
        #expect(Set(endpoint.received.map(\.body)).count == 1)
        // The time of an attempt is its own, and so is its signature.
        #expect(Set(endpoint.received.map { $0.headers["webhook-timestamp"] }).count == 3)
        #expect(try await pool.subscription(id)?.failingSince == nil)
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func retryAfterQuietensTheWholeEndpoint() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint(.answer(429, headers: [("retry-after", "60")]), .answer(200)) {
        endpoint in
        let clock = TestClock()
        let id = try await pool.subscribe(to: endpoint.url)
        try await pool.read(deals(1))
        try await running([pool.sender(clock)]) {
          try await eventually("the endpoint has asked for quiet") {
            try await pool.subscription(id)?.notBefore == clock.now.adding(seconds: 60)
          }
          var story = Story(7)
          try await pool.read([story.create()])
          #expect(
            try await DeliveryQueue(pool: pool, limits: SendingLimits()).claim(
              busy: [:], now: clock.now
            ).isEmpty)
          clock.advance(seconds: 60)
          try await eventually("all are delivered") {
            try await statuses(pool, id) == [.delivered, .delivered]
          }
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func goneEndsTheSubscriptionAndKeepsWhatWaits() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint(.answer(410), .answer(200)) { endpoint in
        let clock = TestClock()
        let id = try await pool.subscribe(to: endpoint.url)
        try await pool.execute("UPDATE subscriptions SET failing_since = $1", clock.now)
        try await pool.read(deals(3))
        try await running([pool.sender(clock)]) {
          try await eventually("the subscription is disabled") {
            try await pool.subscription(id)?.status == .disabled
          }
          #expect(try await statuses(pool, id) == [.held, .held, .held])
          _ = try await SubscriptionStore(pool: pool).change(id, now: clock.now) {
            $0.set(.active, now: Story.start)
          }
          clock.advance(seconds: 6)
          try await eventually("what waited is delivered") {
            try await statuses(pool, id).allSatisfy { $0 == .delivered }
          }
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func replicasShareTheWorkAndRecordOneSuccessEach() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint { endpoint in
        let id = try await pool.subscribe(to: endpoint.url)
        try await pool.read(deals(120))
        let clock = TestClock()
        try await running([pool.sender(clock), pool.sender(clock), pool.sender(clock)]) {
          try await eventually("all are delivered") {
            try await statuses(pool, id).allSatisfy { $0 == .delivered }
          }
        }
        #expect(endpoint.received.count == 120)
        #expect(Set(endpoint.received.map(\.webhookID)).count == 120)
        #expect(try await pool.count("attempts") == 120)
      }
    }
  }

  /// What a crash between send and record leaves behind: a lease.
  @Test(.timeLimit(.minutes(3)))
  func anAttemptThatWasNotRecordedIsRepeatedUnderItsID() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint { endpoint in
        let clock = TestClock()
        let id = try await pool.subscribe(to: endpoint.url)
        try await pool.read(deals(1))
        let queue = DeliveryQueue(pool: pool, limits: SendingLimits())
        let lost = try #require(try await queue.claim(busy: [:], now: clock.now).first)
        let courier = Courier(check: localCheck, connections: 1)
        _ = try await courier.attempt(lost, at: clock.now)
        await courier.clients.close()
        try await running([pool.sender(clock)]) {
          clock.advance(seconds: queue.limits.lease)
          try await eventually("it is delivered") {
            try await statuses(pool, id) == [.delivered]
          }
        }
        #expect(endpoint.received.map(\.webhookID) == [lost.webhookID, lost.webhookID])
        #expect(endpoint.received[0].body == endpoint.received[1].body)
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func anAttemptIsRecordedOnceTheDatabaseTakesIt() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint { endpoint in
        let id = try await pool.subscribe(to: endpoint.url)
        try await pool.read(deals(1))
        try await pool.execute("ALTER TABLE attempts RENAME TO elsewhere")
        try await running([pool.sender(TestClock())]) {
          try await eventually("it is sent") { endpoint.received.count == 1 }
          let status = try await pool.query("SELECT status FROM deliveries")[0]
            .decode(0, as: String.self)
          #expect(status == "pending")
          try await pool.execute("ALTER TABLE elsewhere RENAME TO attempts")
          try await eventually("it is recorded") {
            try await statuses(pool, id) == [.delivered]
          }
        }
        #expect(endpoint.received.count == 1)
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func shutdownGivesBackWhatItCutShort() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint(.hold) { endpoint in
        let clock = TestClock()
        let id = try await pool.subscribe(to: endpoint.url)
        try await pool.read(deals(2))
        try await running([pool.sender(clock)]) {
          try await eventually("both are under way") { endpoint.held == 2 }
        }
        #expect(try await statuses(pool, id) == [.pending, .pending])
        #expect(try await pool.count("attempts") == 0)
        #expect(try await pool.subscription(id)?.failingSince == nil)
      }
    }
  }

  @Test(.timeLimit(.minutes(3)))
  func bothSecretsSignForADay() async throws {
    try await withNotifierTables { pool in
      try await withEndpoint { endpoint in
        let clock = TestClock()
        let old = WebhookSecret(key: [1, 2, 3])
        let new = WebhookSecret.make()
        let id = try await pool.subscribe(to: endpoint.url, secret: old)
        let rotated = try await SubscriptionStore(pool: pool).rotate(id, to: new, now: clock.now)
        #expect(rotated?.previousSecretUntil == clock.now.adding(days: 1))
        for number in 1...2 {
          // No claim may be under way when the clock jumps: its lease would be over at once.
          try await running([pool.sender(clock)]) {
            var story = Story(number)
            try await pool.read([story.create()])
            try await eventually("event \(number) is delivered") {
              try await statuses(pool, id).count { $0 == .delivered } == number
            }
          }
          clock.advance(days: 1)
        }
        #expect(endpoint.received.count == 2)
        let signatures = endpoint.received.map { received in
          (received.headers["webhook-signature"] ?? "").split(separator: " ").map(String.init)
        }
        for (index, secrets) in [[new, old], [new]].enumerated() {
          let received = endpoint.received[index]
          let seconds = try #require(Int64(received.headers["webhook-timestamp"] ?? ""))
          #expect(
            signatures[index]
              == secrets.map {
                WebhookSignature.sign(
                  id: received.webhookID, seconds: seconds, body: received.body, with: $0)
              })
        }
      }
    }
  }
}
