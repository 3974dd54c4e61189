import Contracts
package import Kafka
package import Postgres

/// The stored position of one partition: the next offset to process and the identity of the event
/// before it.
package struct StoredOffset: Hashable, Sendable {
  package var nextOffset: Int64
  package var lastEventID: String?

  package init(nextOffset: Int64, lastEventID: String? = nil) {
    self.nextOffset = nextOffset
    self.lastEventID = lastEventID
  }

  /// Behind a message.
  package init(after message: ConsumedMessage) {
    self.init(nextOffset: message.offset + 1, lastEventID: message.wire.storedEventID)
  }
}

/// Another consumer moved the stored offset: this one has lost the partition and must not write.
package struct FenceLost: Error {
  package let partition: TopicPartition
  package let expected: Int64
}

/// Offsets in PostgreSQL, in the schema of the consuming service.
package struct OffsetStore: Sendable {
  package let clusterID: String
  package let group: String

  package init(clusterID: String, group: String) {
    self.clusterID = clusterID
    self.group = group
  }

  /// The stored offsets of these partitions; those without a row get one at `start`.
  func load(
    _ partitions: [TopicPartition], startingAt start: [TopicPartition: Int64],
    from pool: PostgresPool
  ) async throws -> [TopicPartition: StoredOffset] {
    let topics = partitions.map(\.topic)
    let numbers = partitions.map(\.partition)
    let starts = partitions.map { start[$0] ?? 0 }
    _ = try await pool.execute(
      """
      INSERT INTO consumer_offsets (cluster_id, topic, partition, consumer_group, next_offset)
      SELECT $1, t, p, $2, o FROM unnest($3::text[], $4::int[], $5::bigint[]) AS new (t, p, o)
      ON CONFLICT DO NOTHING
      """, clusterID, group, topics, numbers, starts)
    let rows = try await pool.query(
      """
      SELECT topic, partition, next_offset, last_event_id
      FROM consumer_offsets
      JOIN unnest($3::text[], $4::int[]) AS wanted (t, p) ON topic = t AND partition = p
      WHERE cluster_id = $1 AND consumer_group = $2
      """, clusterID, group, topics, numbers)
    var offsets: [TopicPartition: StoredOffset] = [:]
    for row in rows {
      let partition = TopicPartition(
        topic: try row.decode(0, as: String.self), partition: try row.decode(1, as: Int32.self))
      offsets[partition] = StoredOffset(
        nextOffset: try row.decode(2, as: Int64.self),
        lastEventID: try row.optional(3, as: String.self))
    }
    return offsets
  }

  /// Moves the offset of a partition if it still is where this consumer left it; when it is not, the
  /// transaction throws `FenceLost`, and runs nothing that is waited for.
  package func advance(
    _ partition: TopicPartition, from expected: Int64, to next: StoredOffset,
    in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.send(
      """
      UPDATE consumer_offsets SET next_offset = $6, last_event_id = $7, updated_at = now()
      WHERE cluster_id = $1 AND topic = $2 AND partition = $3 AND consumer_group = $4
        AND next_offset = $5
      """,
      parameters: [
        clusterID, partition.topic, partition.partition, group, expected, next.nextOffset,
        next.lastEventID,
      ], expecting: 1, or: FenceLost(partition: partition, expected: expected))
  }
}

extension WireMessage {
  /// The event's id as the stored offset holds it: U+0000, which anybody may write into a header, is
  /// in no text of PostgreSQL.
  var storedEventID: String? { header("ce_id")?.replacing("\0", with: "\u{FFFD}") }
}
