import Postgres
import ServiceWiring

/// A scope as a condition of a list.
struct ScopeCondition {
  let scope: DealScope

  /// The condition by itself; its parameters are appended.
  func plain(_ parameters: inout [(any PostgresEncodable)?]) -> String {
    let (owners, teams) = bind(&parameters)
    return "(owner = ANY(\(owners)::text[]) OR team = ANY(\(teams)::text[]))"
  }

  /// The conditions of a list in order of id together with the scope's.
  ///
  /// - Parameter limit: how many deals are wanted, or its place among the parameters, such as `$3`.
  func joined(
    to conditions: [String], limit: String, _ parameters: inout [(any PostgresEncodable)?]
  ) -> [String] {
    guard scope.isNarrow else { return conditions + [plain(&parameters)] }
    let (owners, teams) = bind(&parameters)
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

  private func bind(
    _ parameters: inout [(any PostgresEncodable)?]
  ) -> (owners: String, teams: String) {
    parameters += [Array(scope.owners), Array(scope.teams)]
    return ("$\(parameters.count - 1)", "$\(parameters.count)")
  }
}

extension DealScope {
  /// Up to so many owners and teams each is asked for its first deals, whatever the number of deals
  /// in the table; of more the table holds so many deals that a walk along it soon finds enough.
  static let maximumBranches = 100

  var isNarrow: Bool { owners.count + teams.count <= DealScope.maximumBranches }
}
