import Kafka
import Messaging
import Postgres

// The stored offsets of both sets of tables.
extension OffsetStore {
  /// Gives each partition its first row, in the tables of the search path.
  func begin(
    _ starts: [TopicPartition: Int64], in transaction: borrowing PostgresTransaction
  ) throws {
    let starts = starts.sorted { $0.key < $1.key }
    try transaction.execute(
      """
      INSERT INTO consumer_offsets (cluster_id, topic, partition, consumer_group, next_offset)
      SELECT $1, t, p, $2, o FROM unnest($3::text[], $4::int[], $5::bigint[]) AS new (t, p, o)
      """, clusterID, group, starts.map(\.key.topic), starts.map(\.key.partition),
      starts.map(\.value))
  }

  /// All positions of the group on this cluster.
  func positions(
    in schema: String, _ transaction: borrowing PostgresTransaction
  ) throws -> [TopicPartition: Int64] {
    let rows = try transaction.query(
      """
      SELECT topic, partition, next_offset FROM \(quoteIdentifier(schema)).consumer_offsets
      WHERE cluster_id = $1 AND consumer_group = $2
      """, clusterID, group)
    return try rows.reduce(into: [:]) { positions, row in
      let partition = TopicPartition(topic: try row.decode(0), partition: try row.decode(1))
      positions[partition] = try row.decode(2, as: Int64.self)
    }
  }

  /// Leaves, of the filled tables' rows, those of the topics that serve, and adds the live rows of
  /// topics that are not rebuilt.
  static func settle(
    rebuilt: String, live: String, topics: [String],
    in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      """
      DELETE FROM \(quoteIdentifier(rebuilt)).consumer_offsets WHERE topic <> ALL($1::text[])
      """, topics)
    try transaction.execute(
      """
      INSERT INTO \(quoteIdentifier(rebuilt)).consumer_offsets
      SELECT * FROM \(quoteIdentifier(live)).consumer_offsets WHERE topic <> ALL($1::text[])
      """, topics)
  }
}
