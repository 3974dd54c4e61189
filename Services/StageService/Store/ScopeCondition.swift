import Postgres
import ServiceWiring

/// A scope as a condition of a list in order of id.
struct ScopeCondition {
  let scope: DealScope

  /// The list's conditions together with the scope's, whose parameters are appended.
  ///
  /// - Parameter limit: place of the limit among the parameters, such as `$3`.
  func joined(
    to conditions: [String], limit: String, _ parameters: inout [(any PostgresEncodable)?]
  ) -> [String] {
    parameters += [Array(scope.owners), Array(scope.teams)]
    let (owners, teams) = ("$\(parameters.count - 1)", "$\(parameters.count)")
    guard scope.isNarrow else {
      return conditions + ["(owner = ANY(\(owners)::text[]) OR team = ANY(\(teams)::text[]))"]
    }
    func branch(_ column: String, _ keys: String) -> String {
      """
      SELECT found.id FROM unnest(\(keys)::text[]) AS branch (key) CROSS JOIN LATERAL (
        SELECT id FROM opportunities
        WHERE \((["\(column) = branch.key"] + conditions).joined(separator: " AND "))
        ORDER BY id LIMIT \(limit)) AS found
      """
    }
    return [
      """
      id IN (\(branch("owner", owners)) UNION \(branch("team", teams)) ORDER BY id LIMIT \(limit))
      """
    ]
  }
}

extension DealScope {
  /// Up to so many owners and teams each is asked for its first deals, whatever the number of deals
  /// in the table; of more the table holds so many deals that a walk along it soon finds enough.
  static let maximumBranches = 50

  var isNarrow: Bool { owners.count + teams.count <= DealScope.maximumBranches }
}
