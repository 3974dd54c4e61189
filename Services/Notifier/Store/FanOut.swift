import Contracts
import Messaging
import Postgres
import ServiceWiring

/// Makes deliveries of events: one for each active subscription that wants the event, once.
///
/// Events are consumed from the earliest offset, because the timers need the deals' history; a
/// subscription gets only those recorded since it became active, and of deals that the person whose it
/// is may see at that moment.
struct FanOut {
  private let subscriptions: [Subscription]
  /// Nil where no subscription is bound to anybody.
  private let directory: Directory?
  /// By person; worked out where an event is wanted.
  private var audiences: [String: Audience] = [:]
  private var rows: [Row] = []

  private struct Row {
    var id: EntityID
    var subscriptionID: EntityID
    var event: OutgoingEvent
    var body: [UInt8]
  }

  init(
    in transaction: borrowing PostgresTransaction, directory: DirectoryCache
  ) throws {
    subscriptions = try transaction.query(
      "SELECT \(Subscription.columns) FROM subscriptions WHERE status = 'active' ORDER BY id"
    ).map { try Subscription($0) }
    self.directory =
      subscriptions.contains { $0.boundTo != nil }
      ? try directory.current(in: transaction) : nil
  }

  mutating func add(_ event: OutgoingEvent) throws {
    let wanting = subscriptions.filter { $0.wants(event) && mayHear($0, of: event) }
    guard !wanting.isEmpty else { return }
    let body = try event.body()
    for subscription in wanting {
      rows.append(
        Row(
          id: DerivedIdentity.delivery(of: event, to: subscription.id),
          subscriptionID: subscription.id, event: event, body: body))
    }
  }

  private mutating func mayHear(_ subscription: Subscription, of event: OutgoingEvent) -> Bool {
    guard let person = subscription.boundTo, let directory else { return true }
    let audience = audiences[person] ?? Audience(of: person, in: directory)
    audiences[person] = audience
    return audience.includes(event)
  }

  /// Writes the deliveries; those that are there already stay as they are.
  func write(at now: Instant, in transaction: borrowing PostgresTransaction) throws {
    var rows = rows.sorted { $0.id < $1.id }[...]
    while !rows.isEmpty {
      var bytes = 0
      let part = rows.prefix { row in
        defer { bytes += row.body.count }
        return bytes < FanOut.statementBytes
      }
      try FanOut.write(Array(part), at: now, in: transaction)
      rows = rows.dropFirst(part.count)
    }
  }

  /// Of the bodies in one statement, in which every subscription has its own copy.
  private static let statementBytes = 16 << 20

  private static func write(
    _ rows: [Row], at now: Instant, in transaction: borrowing PostgresTransaction
  ) throws {
    // The lock keeps a subscription that is being deleted right now from failing the batch.
    try transaction.execute(
      """
      INSERT INTO deliveries (id, subscription_id, event_id, event_type, opportunity_id, body,
        due_at, created_at)
      SELECT i, s, e, t, o, b, $7, $7
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::uuid[], $6::bytea[])
        WITH ORDINALITY AS new (i, s, e, t, o, b, ordinal)
      JOIN subscriptions ON subscriptions.id = s
      ORDER BY ordinal FOR KEY SHARE OF subscriptions
      ON CONFLICT DO NOTHING
      """, rows.map(\.id), rows.map(\.subscriptionID), rows.map(\.event.id),
      rows.map(\.event.type), rows.map(\.event.opportunityID), rows.map(\.body), now)
  }
}
