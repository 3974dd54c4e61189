import Contracts
import Postgres
import ServiceWiring

/// Conditions on rows of `applied_events`.
struct EventSource {
  private(set) var parameters: [(any PostgresEncodable)?]
  /// Of the pipeline and of deals that may be meant, as they were known; not of duplicates.
  let known: String
  /// Under the team, the owner and in the currency that are asked for, and in the reader's scope.
  let held = """
    ($3::text IS NULL OR team = $3) AND ($4::text IS NULL OR owner = $4)
      AND ($5::text IS NULL OR currency = $5) AND \(DealScope.condition(at: 6))
    """
  let knownAt = "$2"

  init(_ question: FunnelQuestion) {
    let filter = question.filter
    parameters = [
      filter.pipeline, question.knownAt, filter.team, filter.owner, filter.currency,
      filter.scope?.owners.sorted(), filter.scope?.teams.sorted(),
    ]
    let restriction = filter.restriction(&parameters)
    known = """
      pipeline = $1 AND ($2::timestamptz IS NULL OR recorded_at <= $2)
        AND opportunity_id NOT IN (
          SELECT opportunity_id FROM applied_events
          WHERE pipeline = $1 AND merged_into IS NOT NULL
            AND ($2::timestamptz IS NULL OR recorded_at <= $2))\(restriction)
      """
  }

  var condition: String { "\(known) AND \(held)" }

  /// The number of one more parameter, as `$n`.
  mutating func bind(_ value: (any PostgresEncodable)?) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }
}
