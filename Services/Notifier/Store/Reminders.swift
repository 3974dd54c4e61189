import Contracts
import Messaging
import Postgres
import ServiceWiring

/// How far the log of stage-changes goes, asked at one moment.
struct LogEnd: Sendable {
  var clusterID: String
  var topic: String
  var group: String
  /// The offset behind the last message, by partition.
  var ends: [Int32: Int64]
}

/// The timers of follow-ups.
struct Reminders: Sendable {
  static let batch = 200

  let pool: PostgresPool
  let directory: DirectoryCache

  /// The partitions whose deals have a deadline that passed before `deadline` and was not spoken of.
  func duePartitions(before deadline: Instant) async throws -> [Int32] {
    try await pool.query(
      "SELECT DISTINCT partition FROM follow_ups WHERE remind AND due_at <= $1 ORDER BY 1", deadline
    ).map { try $0.decode(0) }
  }

  /// Gives the notices that are due, some at a time; returns how many.
  ///
  /// A deal counts only when the stored offset of its partition has reached the end of the log, as it
  /// was after the deadline: a move or an activity that still waits in the topic cancels the timer.
  /// Offset and timers are written in one transaction, so that no replica need hold the partition.
  /// Mark, deliveries and notice are one transaction too.
  func give(before deadline: Instant, _ log: LogEnd, now: Instant) async throws -> Int {
    try await pool.transaction { transaction in
      let partitions = log.ends.keys.sorted()
      let rows = try transaction.query(
        """
        SELECT \(FollowUpTable.columns) FROM follow_ups
        WHERE remind AND due_at <= $1 AND partition IN (
          SELECT o.partition FROM consumer_offsets AS o
          JOIN unnest($2::int[], $3::bigint[]) AS log (p, log_end) ON p = o.partition
          WHERE cluster_id = $4 AND topic = $5 AND consumer_group = $6 AND next_offset >= log_end)
        ORDER BY due_at LIMIT $7 FOR NO KEY UPDATE SKIP LOCKED
        """, deadline, partitions, partitions.map { log.ends[$0] ?? .max }, log.clusterID,
        log.topic,
        log.group, Reminders.batch)
      var due = try rows.map { try FollowUp($0) }
      guard !due.isEmpty else { return 0 }
      var fanOut = try FanOut(in: transaction, directory: directory)
      var outbox: [OutboxMessage] = []
      for index in due.indices {
        guard let dueAt = due[index].dueAt else { continue }
        let notice = Notice.missedFollowUp(due[index], dueAt: dueAt, now: now)
        try fanOut.add(
          OutgoingEvent(
            notice, source: NotifierSource.name, data: try notice.messageData()))
        outbox.append(
          OutboxMessage(
            topic: .notices, wire: try notice.wireMessage(source: NotifierSource.name)))
        due[index].remind = false
        due[index].remindedDueAt = dueAt
        due[index].remindedAt = now
      }
      try FollowUpTable.write(due, in: transaction)
      try fanOut.write(at: now, in: transaction)
      try Outbox.append(outbox, at: now, in: transaction)
      return due.count
    }
  }
}

/// What the notifier calls itself in the events that it makes.
enum NotifierSource {
  static let name = "/sluice/notifier"
}
