import Contracts
import Logging
import Messaging
import Postgres
import ServiceWiring
import Synchronization
import TestSupport

@testable import Notifier

/// A schema with the tables of the service, lent to one test.
func withNotifierTables<Result>(
  _ body: (PostgresPool) async throws -> Result
) async throws -> Result {
  await Turns.shared.take()
  do {
    let result = try await withTestDatabase { database in
      try await Migrator.migrate(
        database.pool, schema: database.schema,
        sets: [MessagingMigrations.set, DirectoryMigrations.mirror, NotifierMigrations.set],
        logger: silent)
      return try await body(database.pool)
    }
    await Turns.shared.give()
    return result
  } catch {
    await Turns.shared.give()
    throw error
  }
}

/// Lets a few tests at a time use the database: all at once would keep a small machine from
/// connecting in time.
private actor Turns {
  static let shared = Turns(12)

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  private init(_ count: Int) { free = count }

  func take() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func give() {
    if waiting.isEmpty {
      free += 1
    } else {
      waiting.removeFirst().resume()
    }
  }
}

let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A clock that the test moves.
final class TestClock: Sendable {
  private let time: Mutex<Instant>

  init(_ time: Instant = Story.start) { self.time = Mutex(time) }

  var now: Instant { time.withLock { $0 } }

  func advance(seconds: Double) { time.withLock { $0 = $0.adding(seconds: seconds) } }
  func advance(days: Double) { time.withLock { $0 = $0.adding(days: days) } }
}

extension PostgresPool {
  /// The mirror as it is at every moment.
  var directory: DirectoryCache { DirectoryCache(pool: self, goodFor: .zero) }

  /// Applies a batch as the consumer loop does: in one transaction, with its offset.
  @discardableResult
  func handle(
    _ handler: some BatchHandler, _ messages: [WireMessage], partition: Int32 = 0,
    now: Instant = Story.start
  ) async throws -> BatchOutcome {
    let batch = ConsumedBatch(
      topic: handler.topics[0], partition: partition,
      messages: messages.enumerated().map { offset, wire in
        ConsumedMessage(offset: Int64(offset), timestamp: nil, wire: wire)
      })
    return try await transaction { transaction in
      let outcome = try handler.handle(batch, in: transaction, now: now)
      try transaction.execute(
        """
        INSERT INTO consumer_offsets (cluster_id, topic, partition, consumer_group, next_offset)
        VALUES ('cluster', 'stage-changes', $1, 'group', $2)
        ON CONFLICT (cluster_id, topic, partition, consumer_group)
        DO UPDATE SET next_offset = consumer_offsets.next_offset + $2
        """, partition, messages.count)
      return outcome
    }
  }

  @discardableResult
  func read(
    _ events: [StageEvent], partition: Int32 = 0, now: Instant = Story.start
  ) async throws -> BatchOutcome {
    try await handle(
      StageStream(directory: directory), try events.map { try $0.wireMessage(source: "/test") },
      partition: partition,
      now: now)
  }

  @discardableResult
  func subscribe(
    to url: String = "https://example.com/hooks", types: [String] = [],
    filter: EventFilter = EventFilter(), status: Subscription.Status = .active,
    boundTo person: String? = nil, at now: Instant = Story.start,
    secret: WebhookSecret = WebhookSecret(key: [1, 2, 3])
  ) async throws -> EntityID {
    let subscription = Subscription(
      id: .make(at: now), url: url, types: types, filter: filter, status: status,
      createdBy: "test", boundTo: person, createdAt: now, updatedAt: now, activeSince: now)
    try await SubscriptionStore(pool: self).create(subscription, secret: secret)
    return subscription.id
  }

  func subscription(_ id: EntityID) async throws -> Subscription? {
    try await SubscriptionStore(pool: self).find(id)
  }

  /// The types of the deliveries to a subscription, in order of their making.
  func types(to id: EntityID) async throws -> [String] {
    try await query(
      "SELECT event_type FROM deliveries WHERE subscription_id = $1 ORDER BY id", id
    ).map { try $0.decode(0) }
  }

  /// The newest first.
  func deliveries(
    to id: EntityID? = nil, now: Instant = Story.start
  ) async throws -> [DeliveryRecord] {
    var filter = DeliveryFilter()
    filter.subscriptionID = id
    filter.limit = 10_000
    return try await DeliveryStore(pool: self).list(filter, now: now)
  }

  func followUp(_ id: EntityID) async throws -> FollowUp? {
    try await query(
      "SELECT \(FollowUpTable.columns) FROM follow_ups WHERE opportunity_id = $1", id
    ).first.map { try FollowUp($0) }
  }

  func count(_ table: String) async throws -> Int {
    try await query("SELECT count(*) FROM \(table)")[0].decode(0)
  }
}
