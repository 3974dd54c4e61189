import Postgres

/// What marking a restored database came to.
struct RestoreMarkReport: Codable, Equatable, Sendable {
  var formerEpoch: Int64
  var epoch: Int64
  /// In the history.
  var events: Int64
  /// Whether the feed's order was written anew, because the rows came from another PostgreSQL
  /// cluster. Cursors from before are void then.
  var isFeedRewritten: Bool

  func text() -> String {
    var lines = ["new events carry epoch \(epoch) from now on; it was \(formerEpoch)"]
    if isFeedRewritten {
      lines.append(
        "the \(events) events of the history came from another PostgreSQL cluster: the feed's order "
          + "was written anew, and cursors of GET /v1/events from before are void")
    }
    lines += [
      "next:",
      "  1. start the services",
      "  2. sluice rebuild forecasting --from history",
      "  3. sluice verify",
    ]
    return lines.joined(separator: "\n")
  }
}

/// Makes the history of a restored database go on in a way that no reader takes for what it knows.
struct RestoreMark: Sendable {
  /// With stage-service's schema as its search path.
  let stageService: PostgresPool

  /// How many connections stage-service has to this database.
  func connections() async throws -> Int {
    try await stageService.query(
      """
      SELECT count(*) FROM pg_stat_activity
      WHERE datname = current_database() AND application_name = 'stage-service'
      """
    ).first?.decode(0) ?? 0
  }

  /// - Parameter publishedEpoch: the highest that the log is known to hold.
  func set(above publishedEpoch: Int64) async throws -> RestoreMarkReport {
    try await stageService.transaction { transaction in
      try transaction.execute("LOCK TABLE history IN SHARE ROW EXCLUSIVE MODE")
      let installation = try transaction.query("SELECT epoch FROM installation FOR UPDATE")
      let former: Int64 = try installation.first?.decode(0) ?? 1
      let known = try transaction.query(
        """
        SELECT coalesce(max(epoch), 0), count(*),
          coalesce(bool_or(transaction >= pg_snapshot_xmax(pg_current_snapshot())), false)
        FROM history
        """
      )[0]
      let epoch = max(former, publishedEpoch, try known.decode(0)) + 1
      let isForeign = try known.decode(2, as: Bool.self)
      if isForeign {
        // Ids that this cluster has not given yet: hidden for now, misplaced later. Within one
        // transaction the position is the order.
        try transaction.execute("UPDATE history SET transaction = pg_current_xact_id()")
      }
      try transaction.execute("UPDATE installation SET epoch = $1", epoch)
      return RestoreMarkReport(
        formerEpoch: former, epoch: epoch, events: try known.decode(1),
        isFeedRewritten: isForeign)
    }
  }
}
