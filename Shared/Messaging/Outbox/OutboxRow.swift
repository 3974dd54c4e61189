import Contracts
import Kafka
import Postgres

/// A row of the outbox on its way to the broker.
struct OutboxRow: Sendable {
  var id: Int64
  var bucket: Int16
  var topic: String
  var key: [UInt8]?
  var value: [UInt8]?
  var headers: [UInt8]
  var createdAt: Instant

  /// The record's time stamp is the row's, so that a reader's latency includes the wait here.
  func record(topicPrefix: String) -> KafkaRecord {
    KafkaRecord(
      topic: topicPrefix + topic, key: key, value: value,
      headers: (HeaderCoding.decode(headers) ?? []).map {
        KafkaHeader(name: $0.name, value: $0.value)
      },
      timestampMilliseconds: createdAt.milliseconds)
  }

  /// The first of these buckets, no more than `bytes` of them but at least one.
  static func select(
    buckets: [Int16], limit: Int, bytes: Int, on session: PostgresSession
  ) async throws -> [OutboxRow] {
    try await session.query(
      """
      SELECT id, bucket, topic, message_key, value, headers, created_at
      FROM (
        SELECT *, sum(size) OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) - size AS before
        FROM (
          SELECT *, coalesce(octet_length(value), 0) + octet_length(headers) AS size FROM outbox
          WHERE bucket = ANY($1::smallint[]) ORDER BY id LIMIT $2) AS waiting) AS summed
      WHERE before < $3 ORDER BY id
      """, buckets, limit, bytes
    ).map { row in
      OutboxRow(
        id: try row.decode(0, as: Int64.self), bucket: try row.decode(1, as: Int16.self),
        topic: try row.decode(2, as: String.self), key: try row.optional(3, as: [UInt8].self),
        value: try row.optional(4, as: [UInt8].self), headers: try row.decode(5, as: [UInt8].self),
        createdAt: try row.decode(6, as: Instant.self))
    }
  }

  static func delete(_ ids: [Int64], on session: PostgresSession) async throws {
    guard !ids.isEmpty else { return }
    _ = try await session.execute("DELETE FROM outbox WHERE id = ANY($1::bigint[])", ids)
  }

  /// Moves a row out of the way, whole, and announces it as a dead letter without its value (which
  /// may be what the broker refuses).
  static func setAside(
    _ row: OutboxRow, because reason: String, on session: PostgresSession
  ) async throws {
    let notice = OutboxMessage(
      topic: .deadLetters,
      wire: WireMessage(
        key: row.key.map { Array($0.prefix(1_024)) }, value: [],
        headers: [
          .init("ce_specversion", "1.0"), .init("ce_id", "outbox:\(row.topic):\(row.id)"),
          .init("ce_source", "outbox"), .init("ce_type", DeadLetterMessage.type),
          .init(DeadLetterMessage.Header.reasonCode, "undeliverable"),
          .init(DeadLetterMessage.Header.reason, reason),
          .init(DeadLetterMessage.Header.originTopic, row.topic),
          .init(DeadLetterMessage.Header.outboxID, "\(row.id)"),
        ]))
    let alreadyNotice = row.topic == Topic.deadLetters.name && row.value?.isEmpty == true
    _ = try await session.execute(
      """
      WITH gone AS (DELETE FROM outbox WHERE id = $1 RETURNING *),
      kept AS (
        INSERT INTO outbox_undeliverable (id, topic, message_key, value, headers, created_at, reason)
        SELECT id, topic, message_key, value, headers, created_at, $2 FROM gone)
      INSERT INTO outbox (bucket, topic, message_key, value, headers, created_at)
      SELECT $3::smallint, $4, $5::bytea, $6::bytea, $7::bytea, now() FROM gone WHERE NOT $8
      """, row.id, reason, notice.bucket, notice.topic.name, notice.wire.key, notice.wire.value,
      HeaderCoding.encode(notice.wire.headers), alreadyNotice)
  }
}

/// One holder per bucket: session advisory locks, so that they end with the connection.
enum BucketLocks {
  /// Takes what is free beside `held`; returns all that are held, in order.
  static func acquire(from held: [Int16], on session: PostgresSession) async throws -> [Int16] {
    let wanted = (0..<Int16(Outbox.buckets)).filter { !held.contains($0) }
    guard !wanted.isEmpty else { return held }
    // The lock's first key is the schema's identity: services and test schemas do not get in each
    // other's way.
    let rows = try await session.query(
      """
      SELECT b FROM unnest($1::smallint[]) AS wanted (b)
      WHERE pg_try_advisory_lock('outbox'::regclass::oid::int, b::int)
      """, wanted)
    let taken = try rows.map { try $0.decode(0, as: Int16.self) }
    return (held + taken).sorted()
  }
}
