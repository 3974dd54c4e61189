import Contracts
import Postgres
import ServiceWiring

/// Of which deals somebody asks.
struct DealFilter: Hashable, Sendable {
  var pipeline: String
  var team: String?
  var owner: String?
  /// The custom fields of these names, as they are now.
  var product: String?
  var industry: String?
  var currency: String?
  /// The deals that the reader may see, by their owner and team of the time; nil for all of them.
  var scope: DealScope?

  /// Whether the running sums, which know pipeline, stage, team and currency, can answer.
  var isOfSums: Bool { owner == nil && product == nil && industry == nil && scope == nil }

  /// Of a statement whose second and third parameter are its own: all that ``condition(_:_:)`` names.
  ///
  /// - Parameters:
  ///   - second: such as the business time.
  ///   - third: such as the recorded time.
  func parameters(
    _ second: (any PostgresEncodable)?, _ third: (any PostgresEncodable)?
  ) -> [(any PostgresEncodable)?] {
    [
      pipeline, second, third, team, owner, currency, scope?.owners.sorted(),
      scope?.teams.sorted(),
    ]
  }

  /// Whether a row is of such a deal, as a condition with the parameters 4 to 8.
  ///
  /// - Parameters:
  ///   - prefix: of the columns `team`, `owner` and `currency`, such as `latest.`; so is `suffix`.
  static func condition(_ prefix: String = "", _ suffix: String = "") -> String {
    let (team, owner) = ("\(prefix)team\(suffix)", "\(prefix)owner\(suffix)")
    return """
      ($4::text IS NULL OR \(team) = $4) AND ($5::text IS NULL OR \(owner) = $5)
        AND ($6::text IS NULL OR \(prefix)currency\(suffix) = $6)
        AND \(DealScope.condition(owner: owner, team: team, at: 7))
      """
  }

  /// Conditions on `opportunity_id` that narrow the deals to look at to those that may be meant:
  /// ` AND …`, or nothing. Owner and team are left to whoever knows of which time they are asked.
  ///
  /// - Parameter parameters: grows by the values that the conditions name.
  func restriction(_ parameters: inout [(any PostgresEncodable)?]) -> String {
    var conditions = ""
    func add(_ condition: (String) -> String, _ value: String) {
      parameters.append(value)
      conditions += " AND opportunity_id IN (\(condition("$\(parameters.count)")))"
    }
    if let owner {
      add(
        {
          """
          SELECT opportunity_id FROM deal_owners WHERE owner_hash = hashtextextended(\($0)::text, 0)
          """
        }, owner)
    }
    if let scope, scope.teams.isEmpty {
      parameters.append(scope.owners.sorted())
      conditions += """
         AND opportunity_id IN (SELECT opportunity_id FROM deal_owners WHERE owner_hash IN (
          SELECT hashtextextended(unnest($\(parameters.count)::text[]), 0)))
        """
    }
    for (column, value) in [("product", product), ("industry", industry)] {
      guard let value else { continue }
      add(
        {
          """
          SELECT opportunity_id FROM deal_traits
          WHERE hashtextextended(\(column), 0) = hashtextextended(\($0)::text, 0)
            AND \(column) = \($0)::text
          """
        }, value)
    }
    return conditions
  }
}
