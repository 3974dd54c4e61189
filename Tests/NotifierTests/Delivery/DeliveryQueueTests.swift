import Contracts
import Postgres
import Testing

@testable import Notifier

@Suite struct DeliveryQueueTests {
  private let now = Story.start

  /// - Returns: a queue, with so many deliveries due to each subscription.
  private func queue(
    _ pool: PostgresPool, _ subscriptions: Int, _ events: Int,
    limits: SendingLimits = SendingLimits()
  ) async throws -> (DeliveryQueue, [EntityID]) {
    var ids: [EntityID] = []
    for _ in 0..<subscriptions { ids.append(try await pool.subscribe()) }
    try await pool.read(
      (0..<events).map { number in
        var story = Story(number)
        return story.create()
      })
    return (DeliveryQueue(pool: pool, limits: limits), ids)
  }

  private let ok = AttemptOutcome.answered(
    status: 200, retryAfter: nil, location: nil, excerpt: "thanks")
  private let broken = AttemptOutcome.answered(
    status: 500, retryAfter: nil, location: nil, excerpt: "")

  private func attempt(_ outcome: AttemptOutcome) -> Attempt {
    Attempt(at: now, milliseconds: 12, outcome: outcome)
  }

  private func counts(_ claimed: [ClaimedDelivery]) -> [EntityID: Int] {
    Dictionary(claimed.map { ($0.subscriptionID, 1) }, uniquingKeysWith: +)
  }

  @Test func noSubscriptionGetsMoreThanItsShare() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 3, 10)
      let first = try await queue.claim(busy: [:], now: now)
      #expect(counts(first) == Dictionary(uniqueKeysWithValues: ids.map { ($0, 4) }))
      #expect(try await queue.claim(busy: counts(first), now: now).isEmpty)
      let second = try await queue.claim(busy: [ids[0]: 4, ids[1]: 3], now: now)
      #expect(counts(second) == [ids[1]: 1, ids[2]: 4])
      #expect(Set((first + second).map(\.id)).count == 17)
    }
  }

  @Test func theTotalGoesToThoseWithTheLeastUnderWay() async throws {
    try await withNotifierTables { pool in
      var limits = SendingLimits()
      limits.total = 6
      let (queue, ids) = try await queue(pool, 3, 10, limits: limits)
      let claimed = try await queue.claim(busy: [ids[0]: 3, ids[1]: 1], now: now)
      #expect(claimed.count == 2)
      #expect(counts(claimed) == [ids[2]: 2])
      #expect(try await queue.claim(busy: [ids[0]: 6], now: now).isEmpty)
    }
  }

  @Test func aFailingEndpointIsTriedOneAtATime() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 1, 10)
      try await pool.execute("UPDATE subscriptions SET failing_since = $1", now)
      let claimed = try await queue.claim(busy: [:], now: now)
      #expect(counts(claimed) == [ids[0]: 1])
      #expect(try await queue.claim(busy: counts(claimed), now: now).isEmpty)
    }
  }

  @Test func nothingIsClaimedOfWhoIsNotActiveOrWantsQuiet() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 1, 3)
      for status in ["paused", "disabled"] {
        try await pool.execute("UPDATE subscriptions SET status = $1", status)
        #expect(try await queue.claim(busy: [:], now: now).isEmpty)
        let shown = try await pool.deliveries(to: ids[0])
        #expect(shown.map(\.status) == [.held, .held, .held])
      }
      try await pool.execute(
        "UPDATE subscriptions SET status = 'active', not_before = $1", now.adding(seconds: 30))
      #expect(try await queue.claim(busy: [:], now: now).isEmpty)
      #expect(try await queue.claim(busy: [:], now: now.adding(seconds: 30)).count == 3)
    }
  }

  @Test func aLeaseEndsAndTheAttemptIsRepeatedUnderTheSameID() async throws {
    try await withNotifierTables { pool in
      let (queue, _) = try await queue(pool, 1, 1)
      let first = try #require(try await queue.claim(busy: [:], now: now).first)
      #expect(try await pool.deliveries(now: now)[0].status == .sending)
      let later = now.adding(seconds: queue.limits.lease)
      #expect(try await queue.claim(busy: [:], now: later.adding(seconds: -1)).isEmpty)
      let second = try #require(try await queue.claim(busy: [:], now: later).first)
      #expect(first.webhookID == second.webhookID && first.body == second.body)
      // The first comes back after all: its failure no longer counts.
      let late = try await queue.record(
        attempt(broken), .retry(at: later, quietUntil: nil), of: first, now: later)
      guard case .superseded = late else { return #expect(Bool(false), "\(late)") }
      _ = try await queue.record(attempt(ok), .delivered, of: second, now: later)
      // Nor does a second success.
      let twice = try await queue.record(attempt(ok), .delivered, of: first, now: later)
      guard case .superseded = twice else { return #expect(Bool(false), "\(twice)") }
      let record = try await pool.deliveries()[0]
      #expect(record.status == .delivered && record.finishedAt == later)
      #expect(record.attempts.map(\.status) == [200])
      #expect(record.attempts[0].answer == "thanks" && record.attempts[0].milliseconds == 12)
    }
  }

  @Test func aSuccessCountsEvenAfterTheLease() async throws {
    try await withNotifierTables { pool in
      let (queue, _) = try await queue(pool, 1, 1)
      let first = try #require(try await queue.claim(busy: [:], now: now).first)
      let later = now.adding(seconds: queue.limits.lease)
      let second = try #require(try await queue.claim(busy: [:], now: later).first)
      _ = try await queue.record(attempt(ok), .delivered, of: first, now: later)
      let after = try await queue.record(
        attempt(broken), .retry(at: later, quietUntil: nil), of: second, now: later)
      guard case .superseded = after else { return #expect(Bool(false), "\(after)") }
      #expect(try await pool.deliveries()[0].status == .delivered)
    }
  }

  @Test func whatIsGivenBackIsDueAtOnce() async throws {
    try await withNotifierTables { pool in
      let (queue, _) = try await queue(pool, 1, 1)
      let claimed = try #require(try await queue.claim(busy: [:], now: now).first)
      try await queue.release(claimed)
      let again = try #require(try await queue.claim(busy: [:], now: now).first)
      // Somebody else's by now.
      try await queue.release(claimed)
      #expect(again.id == claimed.id)
      #expect(try await queue.claim(busy: [:], now: now).isEmpty)
    }
  }

  @Test func replicasNeverShareADelivery() async throws {
    try await withNotifierTables { pool in
      let (queue, _) = try await queue(pool, 30, 20)
      let claims = try await withThrowingTaskGroup(of: [ClaimedDelivery].self) { group in
        for _ in 1...6 { group.addTask { try await queue.claim(busy: [:], now: now) } }
        return try await group.reduce(into: []) { $0 += $1 }
      }
      #expect(Set(claims.map(\.id)).count == claims.count)
      #expect(claims.count >= 120)
    }
  }

  @Test func aFailureIsTriedAgainLaterUntilTheLast() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 1, 1)
      var time = now
      for failures in 0...RetrySchedule.waits.count {
        let claimed = try #require(try await queue.claim(busy: [:], now: time).first)
        #expect(claimed.failures == failures && claimed.attempts == failures)
        let verdict = Verdict.of(broken, failures: claimed.failures, now: time, random: 0)
        _ = try await queue.record(attempt(broken), verdict, of: claimed, now: time)
        guard case .retry(let at, _) = verdict else { continue }
        #expect(try await queue.claim(busy: [:], now: at.adding(seconds: -1)).isEmpty)
        time = at
      }
      let record = try await pool.deliveries(to: ids[0])[0]
      #expect(record.status == .failed && record.attempts.count == 10)
      #expect(record.attempts.allSatisfy { $0.error == "answered 500" })
      #expect(try await pool.subscription(ids[0])?.failingSince == now)
      #expect(try await pool.subscription(ids[0])?.status == .active)
    }
  }

  @Test func anEndpointThatFailsForDaysIsDisabled() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 1, 2)
      func fail(at time: Instant) async throws -> Recorded {
        let claimed = try #require(try await queue.claim(busy: [:], now: time).first)
        return try await queue.record(
          attempt(broken), .retry(at: time, quietUntil: nil), of: claimed, now: time)
      }
      _ = try await fail(at: now)
      _ = try await fail(at: now.adding(days: 4))
      let success = try #require(try await queue.claim(busy: [:], now: now.adding(days: 4)).first)
      _ = try await queue.record(attempt(ok), .delivered, of: success, now: now.adding(days: 4))
      #expect(try await pool.subscription(ids[0])?.failingSince == nil)
      _ = try await fail(at: now.adding(days: 5))
      guard case .disabled(let reason) = try await fail(at: now.adding(days: 10)) else {
        return #expect(Bool(false), "not disabled")
      }
      let subscription = try await pool.subscription(ids[0])
      #expect(subscription?.status == .disabled && subscription?.disabledReason == reason)
      #expect(reason == "no attempt has succeeded since \(now.adding(days: 5))")
      #expect(try await pool.deliveries(to: ids[0]).map(\.status).contains(.held))
    }
  }

  @Test func goneDisablesAtOnce() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 1, 2)
      let claimed = try #require(try await queue.claim(busy: [:], now: now).first)
      let gone = AttemptOutcome.answered(
        status: 410, retryAfter: nil, location: nil, excerpt: "")
      let recorded = try await queue.record(attempt(gone), .gone, of: claimed, now: now)
      guard case .disabled = recorded else { return #expect(Bool(false), "\(recorded)") }
      #expect(
        try await pool.subscription(ids[0])?.disabledReason == "the endpoint answered 410 Gone")
      #expect(
        try await pool.deliveries(to: ids[0], now: now.adding(days: 1)).map(\.status)
          == [.held, .held])
    }
  }

  /// What an endpoint answered says nothing of the one that has taken its place meanwhile.
  @Test func anAttemptAtTheFormerURLJudgesOnlyThat() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 1, 4)
      let claimed = try await queue.claim(busy: [:], now: now)
      try #require(claimed.count == 4)
      let later = now.adding(seconds: 10)
      let store = SubscriptionStore(pool: pool)
      _ = try await store.change(ids[0], now: now) { $0.url = "https://new.example.com/" }
      let gone = AttemptOutcome.answered(
        status: 410, retryAfter: nil, location: nil, excerpt: "")
      _ = try await queue.record(attempt(gone), .gone, of: claimed[0], now: now)
      _ = try await queue.record(
        attempt(broken), .retry(at: now, quietUntil: later), of: claimed[1], now: now)
      _ = try await queue.record(
        attempt(broken), .failed(quietUntil: later), of: claimed[2], now: now)
      let untouched = try #require(try await pool.subscription(ids[0]))
      #expect(untouched.status == .active)
      #expect(untouched.failingSince == nil && untouched.notBefore == nil)
      // Nor does a success there end what fails here.
      try await pool.execute("UPDATE subscriptions SET failing_since = $1", now)
      _ = try await queue.record(attempt(ok), .delivered, of: claimed[3], now: now)
      #expect(try await pool.subscription(ids[0])?.failingSince == now)
      // The delivery that the former one wanted no more goes to the new one.
      let again = try #require(try await queue.claim(busy: [:], now: now).first)
      #expect(again.url == "https://new.example.com/")
    }
  }

  @Test func theLastAttemptsWishForQuietCounts() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 1, 2)
      let claimed = try #require(try await queue.claim(busy: [:], now: now).first)
      let later = now.adding(seconds: 10)
      _ = try await queue.record(attempt(broken), .failed(quietUntil: later), of: claimed, now: now)
      #expect(try await pool.subscription(ids[0])?.notBefore == later)
      #expect(try await queue.claim(busy: [:], now: now).isEmpty)
    }
  }

  /// A delivery is under way while its subscription is deleted, events come, the log is looked at:
  /// for everybody it is gone, and in the end it is.
  @Test func aDeletedSubscriptionGoesAtOnceAndItsDeliveriesByAndBy() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 2, 3)
      let claimed = try #require(
        try await queue.claim(busy: [:], now: now).first { $0.subscriptionID == ids[0] })
      let store = SubscriptionStore(pool: pool)
      #expect(try await store.delete(ids[0], now: now))
      #expect(try await !store.delete(ids[0], now: now))
      #expect(try await store.find(ids[0]) == nil)
      #expect(try await store.list(of: nil, after: nil, limit: 9).map(\.id) == [ids[1]])
      #expect(try await store.change(ids[0], now: now) { $0.status = .active } == nil)
      #expect(try await store.rotate(ids[0], to: .make(), now: now) == nil)
      #expect(try await store.sendTest(to: ids[0], by: "test", now: now) == nil)
      let log = DeliveryStore(pool: pool)
      #expect(try await log.find(claimed.id, of: nil, now: now) == nil)
      guard case .notFound = try await log.retry(claimed.id, of: nil, now: now) else {
        return #expect(Bool(false), "retried")
      }
      #expect(try await pool.deliveries(to: ids[0]).isEmpty)
      #expect(
        try await queue.claim(busy: [:], now: now.adding(days: 1)).allSatisfy {
          $0.subscriptionID == ids[1]
        })
      let gone = AttemptOutcome.answered(
        status: 410, retryAfter: nil, location: nil, excerpt: "")
      _ = try await queue.record(attempt(gone), .gone, of: claimed, now: now)
      var story = Story(9)
      try await pool.read([story.create()])
      #expect(try await pool.types(to: ids[0]).count == 3)

      #expect(try await Retention(pool: pool).expire(now: now) == 3)
      #expect(try await pool.count("subscriptions") == 1)
      #expect(try await pool.types(to: ids[1]).count == 4)
    }
  }

  @Test func theBacklogIsWhatWaitsForActiveSubscriptions() async throws {
    try await withNotifierTables { pool in
      let (queue, ids) = try await queue(pool, 2, 3)
      #expect(try await queue.backlog(now: now.adding(seconds: 9)) == (6, 9))
      try await pool.execute("UPDATE subscriptions SET status = 'paused' WHERE id = $1", ids[0])
      #expect(try await queue.backlog(now: now).depth == 3)
      try await pool.execute("DELETE FROM subscriptions")
      #expect(try await queue.backlog(now: now) == (0, 0))
    }
  }

  @Test func theLogGoesBackAMonthForSuccessesAndThreeForFailures() async throws {
    try await withNotifierTables { pool in
      _ = try await queue(pool, 1, 3)
      let rows = try await pool.deliveries()
      for (record, status) in zip(rows, ["delivered", "failed"]) {
        try await pool.execute(
          "UPDATE deliveries SET status = $2, finished_at = $3 WHERE id = $1", record.id, status,
          now)
      }
      let retention = Retention(pool: pool)
      #expect(try await retention.expire(now: now.adding(days: 30)) == 0)
      #expect(try await retention.expire(now: now.adding(days: 30.01)) == 1)
      #expect(try await retention.expire(now: now.adding(days: 90.01)) == 1)
      #expect(try await retention.expire(now: now.adding(days: 900)) == 0)
      #expect(try await pool.deliveries().map(\.status) == [.pending])
    }
  }
}
