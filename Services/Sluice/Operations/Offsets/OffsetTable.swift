import Contracts
import Kafka
import Messaging
import Postgres

/// The offsets that a service stores in its schema.
struct OffsetTable: Sendable {
  /// With the service's schema as its search path.
  let pool: PostgresPool

  struct Row: Encodable, Equatable, Sendable {
    var group: String
    var clusterId: String
    var topic: String
    var partition: Int32
    var nextOffset: Int64
    /// The event before that offset; the check of it is skipped where there is none.
    var lastEventId: String?
    var updatedAt: Instant
  }

  func rows(of group: String) async throws -> [Row] {
    try await pool.query(
      """
      SELECT consumer_group, cluster_id, topic, partition, next_offset, last_event_id, updated_at
      FROM consumer_offsets WHERE consumer_group = $1 ORDER BY cluster_id, topic, partition
      """, group
    ).map { row in
      Row(
        group: try row.decode(0), clusterId: try row.decode(1), topic: try row.decode(2),
        partition: try row.decode(3), nextOffset: try row.decode(4),
        lastEventId: try row.optional(5), updatedAt: try row.decode(6))
    }
  }

  func positions(of group: String, on cluster: String) async throws -> [TopicPartition: Int64] {
    let rows = try await rows(of: group).filter { $0.clusterId == cluster }
    return Dictionary(
      rows.map { (TopicPartition(topic: $0.topic, partition: $0.partition), $0.nextOffset) },
      uniquingKeysWith: { $1 })
  }

  /// Writes a position whose preceding event is not checked. Returns the one that was there.
  func set(
    _ source: TopicPartition, to offset: Int64, group: String, on cluster: String
  ) async throws -> Int64? {
    try await pool.transaction { transaction in
      let before = try transaction.query(
        """
        SELECT next_offset FROM consumer_offsets
        WHERE cluster_id = $1 AND topic = $2 AND partition = $3 AND consumer_group = $4 FOR UPDATE
        """, cluster, source.topic, source.partition, group
      ).first?.decode(0, as: Int64.self)
      try transaction.execute(
        """
        INSERT INTO consumer_offsets
          (cluster_id, topic, partition, consumer_group, next_offset, last_event_id, updated_at)
        VALUES ($1, $2, $3, $4, $5, NULL, now())
        ON CONFLICT (cluster_id, topic, partition, consumer_group)
        DO UPDATE SET next_offset = $5, last_event_id = NULL, updated_at = now()
        """, cluster, source.topic, source.partition, group, offset)
      return before
    }
  }
}
