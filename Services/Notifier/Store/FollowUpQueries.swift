import Contracts
import Messaging
import Postgres
import ServiceWiring

/// A place in the list of follow-ups; on the wire `<microseconds>-<id>`.
struct FollowUpCursor: Hashable, Sendable, LosslessStringConvertible {
  var dueAt: Instant
  var id: EntityID

  init(dueAt: Instant, id: EntityID) {
    self.dueAt = dueAt
    self.id = id
  }

  init?(_ description: String) {
    let parts = description.split(separator: "-", maxSplits: 1)
    guard parts.count == 2, let due = Int64(parts[0]), let id = EntityID(String(parts[1])) else {
      return nil
    }
    self.init(dueAt: Instant(microseconds: due), id: id)
  }

  var description: String { "\(dueAt.microseconds)-\(id)" }
}

/// What is due when, the earliest first.
struct FollowUpQueries: Sendable {
  let pool: PostgresPool

  struct Filter: Sendable {
    var pipeline: String?
    var owner: String?
    var team: String?
    /// Only those whose deadline has passed, or only those whose has not.
    var overdue: Bool?
    /// The deals that the caller may see; nil for all of them.
    var scope: DealScope?
    var after: FollowUpCursor?
    var limit = 50
  }

  func list(_ filter: Filter, now: Instant) async throws -> [FollowUp] {
    try await pool.query(
      """
      SELECT \(FollowUpTable.columns) FROM follow_ups
      WHERE due_at IS NOT NULL
        AND ($1::text IS NULL OR pipeline = $1) AND ($2::text IS NULL OR owner = $2)
        AND ($3::text IS NULL OR team = $3) AND ($4::bool IS NULL OR (due_at <= $5) = $4)
        AND ($6::timestamptz IS NULL OR (due_at, opportunity_id) > ($6, $7::uuid))
        AND \(DealScope.condition(at: 9))
      ORDER BY due_at, opportunity_id LIMIT $8
      """, filter.pipeline, filter.owner, filter.team, filter.overdue, now, filter.after?.dueAt,
      filter.after?.id, filter.limit, filter.scope?.owners.sorted(), filter.scope?.teams.sorted()
    ).map { try FollowUp($0) }
  }
}
