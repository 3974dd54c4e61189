import Contracts
import Messaging
import Postgres
import ServiceWiring

/// Which deals a list shows, in order of id.
struct OpportunityFilter: Sendable {
  var pipeline: String?
  var stage: String?
  var owner: String?
  var team: String?
  /// Nil: all but duplicates that became part of another deal.
  var status: DealStatus?
  /// Part of the deal's or the account's name, without regard to case.
  var text: String?
  /// The deals that the caller may see; nil for all of them.
  var scope: DealScope?
  var after: EntityID?
  var limit = 50

  init() {}
}

extension OpportunityStore {
  /// A text that many names contain is found among the next few thousand deals; one that few contain,
  /// by the index of the names. Which it is, only trying tells.
  func list(_ filter: OpportunityFilter) async throws -> [Opportunity] {
    guard filter.text != nil else { return try await list(filter, .none) }
    // The deals of one owner or team are few.
    if filter.owner != nil || filter.team != nil || filter.scope?.isNarrow == true {
      return try await list(filter, .each)
    }
    let near = try await list(filter, .near)
    return near.count == filter.limit ? near : try await list(filter, .index)
  }

  private enum Search { case none, each, near, index }

  private func list(
    _ filter: OpportunityFilter, _ search: Search
  ) async throws -> [Opportunity] {
    var parameters: [(any PostgresEncodable)?] = []
    func bind(_ value: any PostgresEncodable) -> String {
      parameters.append(value)
      return "$\(parameters.count)"
    }
    var conditions: [String] = []
    func require(_ column: String, _ value: String?) {
      if let value { conditions.append("\(column) = \(bind(value))") }
    }
    require("pipeline", filter.pipeline)
    require("stage", filter.stage)
    require("owner", filter.owner)
    require("team", filter.team)
    if filter.status == .merged {
      conditions.append("merged_into IS NOT NULL")
    } else {
      require("category", filter.status?.rawValue)
      conditions.append("merged_into IS NULL")
    }
    let after = filter.after.map { bind($0) }
    if let after { conditions.append("id > \(after)") }
    var names = ""
    if let text = filter.text, search != .none {
      let contains = "position(lower(\(bind(text))) IN words) > 0"
      let text = "$\(parameters.count)"
      let behind = after.map { "opportunity_id > \($0)" } ?? "true"
      switch search {
      case .none: break
      case .each:
        conditions.append(
          """
          EXISTS (
            SELECT FROM opportunity_names WHERE opportunity_id = opportunities.id AND \(contains))
          """)
      case .near:
        names = """
          WITH found AS MATERIALIZED (
            SELECT opportunity_id FROM (
              SELECT opportunity_id, words FROM opportunity_names WHERE \(behind)
              ORDER BY opportunity_id LIMIT \(NameSearch.near)) AS next
            WHERE \(contains))
          """
      case .index:
        // Where nothing else is asked, the first that are found are the page.
        let isAll =
          filter.pipeline == nil && filter.stage == nil && filter.status == nil
          && filter.scope == nil
        names = """
          WITH hits AS MATERIALIZED (
            SELECT opportunity_id FROM opportunity_names
            WHERE \(isAll ? "\(OpportunityStore.isNoDuplicate) AND " : "")\(NameSearch.mayContain(text)) AND \(contains) AND \(behind)),
          found AS (
            SELECT opportunity_id FROM hits
            \(isAll ? "ORDER BY opportunity_id LIMIT \(filter.limit)" : ""))
          """
      }
      if !names.isEmpty { conditions.append("id IN (SELECT opportunity_id FROM found)") }
    }
    let limit = bind(filter.limit)
    if let scope = filter.scope {
      conditions = ScopeCondition(scope: scope).joined(to: conditions, limit: limit, &parameters)
    }
    let selection = "WHERE " + conditions.joined(separator: " AND ")
    var deals = "opportunities \(selection)"
    if search == .index {
      // That a page is wanted in order must not lead the planner past the index.
      names += """
        , matching AS MATERIALIZED (
          SELECT \(OpportunityColumns.list) FROM opportunities \(selection))
        """
      deals = "matching"
    }
    return try await pool.query(
      """
      \(names)
      SELECT \(OpportunityColumns.list) FROM \(deals) ORDER BY id LIMIT \(limit)
      """, parameters: parameters
    ).map { try OpportunityColumns.read($0) }
  }

  /// Of a name; there are few duplicates, and an index of them.
  private static let isNoDuplicate = """
    opportunity_id NOT IN (SELECT id FROM opportunities WHERE merged_into IS NOT NULL)
    """
}

/// Looking for a part of a name.
enum NameSearch {
  /// How many names are looked at one by one before the index is asked.
  static let near = 5_000

  /// What the index of the names can say; the names that it finds must still be looked at.
  static func mayContain(_ text: String) -> String {
    "name_grams(words) @> wanted_grams(lower(\(text)))"
  }
}
