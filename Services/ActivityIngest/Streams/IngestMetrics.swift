import Metrics
import Postgres
import ServiceKit

/// The service's own figures. Counts are those of handled batches; one that is rolled back and tried
/// again counts again.
enum IngestMetrics {
  enum Outcome: String {
    /// Over HTTP.
    case accepted
    case matched, unmatched, duplicate, rematched
    case assigned, dismissed
    /// stage-service would not record it.
    case putBack = "put-back"
  }

  static func describe(in registry: PrometheusRegistry) {
    registry.describe("sluice_activities_total", help: "Activities, by what became of them.")
    registry.describe("sluice_unmatched_activities", help: "Activities that belong to no deal.")
    registry.describe("sluice_proposals", help: "Proposals of rules, by status.")
  }

  static func activities(_ outcome: Outcome, _ count: Int) {
    guard count > 0 else { return }
    Counter(label: "sluice_activities_total", dimensions: [("outcome", outcome.rawValue)])
      .increment(by: count)
  }

  /// Sets the gauges to what the tables hold.
  static func measure(_ pool: PostgresPool) async throws {
    let unmatched = try await pool.query("SELECT count(*) FROM unmatched")
    if let count = try unmatched.first?.decode(0, as: Int.self) {
      Gauge(label: "sluice_unmatched_activities").record(count)
    }
    var counts: [String: Int] = [:]
    for row in try await pool.query("SELECT status, count(*) FROM proposals GROUP BY status") {
      counts[try row.decode(0, as: String.self)] = try row.decode(1)
    }
    for status in Proposal.Status.allCases {
      Gauge(label: "sluice_proposals", dimensions: [("status", status.rawValue)])
        .record(counts[status.rawValue] ?? 0)
    }
  }
}
