import Contracts
import Kafka
import Postgres
import TestSupport

/// What the same processor and the same servers can do at best: two loops, one for each half of the
/// partitions, decode the same messages and write rows of the same tables by binary COPY, one
/// transaction for a batch, without folding, comparing, updating or counting anything.
struct ProjectorFloor {
  let cluster: Cluster

  private static let batch = 2_000
  private static let loops: Int32 = 2

  /// Events per second.
  func measure(events: Int) async throws -> Double {
    try await cluster.withDatabase(of: .forecasting) { pool in
      for table in ["applied_events", "visits", "current_stage", "consumer_offsets"] {
        try await pool.execute("CREATE TABLE floor_\(table) (LIKE \(table) INCLUDING ALL)")
      }
    }
    let start = ContinuousClock.now
    let written = try await withThrowingTaskGroup(of: Int.self) { group in
      for half in 0..<ProjectorFloor.loops {
        group.addTask {
          try await self.cluster.withDatabase(of: .forecasting) { pool in
            try await self.eachBatch(of: half) { events in
              try await pool.transaction { try ProjectorFloor.write(events, half, in: $0) }
            }
          }
        }
      }
      return try await group.reduce(0, +)
    }
    try check(written == events, "the floor wrote \(written) of \(events) events")
    return Double(events) / ((ContinuousClock.now - start) / .seconds(1))
  }

  /// Events per second and core: the messages are in memory already.
  func measureDecoding(events: Int) async throws -> Double {
    var deals = DealEvents()
    let count = min(events, 50_000)
    let messages = try (0..<count).map { _ in try deals.next().wireMessage(source: "/bench") }
    let start = ContinuousClock.now
    for message in messages { _ = try StageEvent.read(message) }
    return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
  }

  private func eachBatch(
    of half: Int32, _ body: ([StageEvent]) async throws -> Void
  ) async throws -> Int {
    let ranges = try await cluster.watermarks(of: .stageChanges)
      .filter { $0.key.partition % ProjectorFloor.loops == half }
      .mapValues { $0.low..<$0.high }
    let reader = try await KafkaLogReader(
      cluster.kafkaConfiguration, ranges: ranges, logger: quietLogger)
    var count = 0
    var waiting: [StageEvent] = []
    while let messages = try await reader.next() {
      for message in messages {
        if case .payload(let event, _) = try StageEvent.read(message.wire) { waiting.append(event) }
      }
      if waiting.count >= ProjectorFloor.batch {
        try await body(waiting)
        count += waiting.count
        waiting = []
      }
    }
    if !waiting.isEmpty { try await body(waiting) }
    await reader.close()
    return count + waiting.count
  }

  private static func write(
    _ events: [StageEvent], _ half: Int32, in transaction: borrowing PostgresTransaction
  ) throws {
    func copy(
      _ sql: String,
      _ row: (inout PostgresCopyWriter, StageEventData, EntityID)
        throws(PostgresError) -> Void
    ) throws {
      try transaction.copyIn("COPY \(sql) FROM STDIN (FORMAT binary)") {
        writer throws(PostgresError) in
        for event in events { try row(&writer, event.data, event.id) }
      }
    }
    try copy(
      """
      floor_applied_events (opportunity_id, epoch, sequence, event_id, type, pipeline, from_stage,
        to_stage, owner, team, amount_minor, currency, occurred_at, recorded_at, entry_unknown,
        to_category, to_position)
      """
    ) { writer, data, id throws(PostgresError) in
      try writer.row(
        data.opportunityId, data.epoch, data.sequence, id, data.actor, data.pipeline, data.from,
        data.to, data.owner, data.team, data.amount?.minor, data.amount?.currency,
        data.occurredAt, data.recordedAt, false, data.toCategory?.rawValue,
        data.toPosition.map { Int32($0) })
    }
    try copy(
      """
      floor_visits (opportunity_id, entered_sequence, pipeline, stage, category, entered_at, left_at,
        left_sequence, left_to, direction)
      """
    ) { writer, data, _ throws(PostgresError) in
      try writer.row(
        data.opportunityId, data.sequence, data.pipeline, data.to, data.toCategory?.rawValue,
        data.occurredAt, data.recordedAt, data.sequence, data.to, data.to)
    }
    try copy(
      """
      floor_current_stage (opportunity_id, epoch, sequence, pipeline, pipeline_version, stage,
        category, position, owner, team, amount_minor, currency, name, account, entered_at,
        entered_sequence, follow_up_due_at, benchmark_days, occurred_at)
      """
    ) { writer, data, _ throws(PostgresError) in
      // Once for each deal, though the projector writes it with every event.
      guard data.sequence == 1 else { return }
      try writer.row(
        data.opportunityId, data.epoch, data.sequence, data.pipeline,
        Int32(data.pipelineVersion), data.to, data.toCategory?.rawValue,
        data.toPosition.map { Int32($0) }, data.owner, data.team, data.amount?.minor,
        data.amount?.currency, data.name, data.account?.name, data.occurredAt, data.sequence,
        data.followUpDueAt, data.benchmarkDays, data.occurredAt)
    }
    try transaction.execute(
      """
      INSERT INTO floor_consumer_offsets AS o
        (cluster_id, topic, partition, consumer_group, next_offset)
      VALUES ('floor', 'floor', $1, 'floor', $2)
      ON CONFLICT (cluster_id, topic, partition, consumer_group)
      DO UPDATE SET next_offset = o.next_offset + $2
      """, half, events.count)
  }
}
