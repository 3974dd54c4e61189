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

extension OpportunityFilter {
  /// The scope, where the owner or the team that is asked for does not lie within it anyway.
  fileprivate var scopeToAsk: DealScope? {
    scope.flatMap { $0.contains(owner: owner, team: team) ? nil : $0 }
  }

  /// Only a part of the deals, which an index leads to.
  fileprivate var isPart: Bool { owner != nil || team != nil || stage != nil || scope != nil }

  /// A few hundred deals, whatever their number in the table.
  fileprivate var isFew: Bool {
    owner != nil || scope.map { $0.teams.isEmpty && $0.owners.count < 5 } == true
  }
}

extension OpportunityStore {
  /// A text that many names contain is soon found by looking at one deal after the other; one that few
  /// contain, by the index of the names. Which it is, only trying tells.
  func list(_ filter: OpportunityFilter) async throws -> [Opportunity] {
    guard let text = filter.text else { return try await list(filter, .none) }
    if !filter.isFew {
      let near = try await list(
        filter, filter.isPart ? .deals(NameSearch.nearDeals) : .names(NameSearch.near))
      if near.count == filter.limit { return near }
      if let all = try await list(filter, containing: text) { return all }
    }
    return try await list(filter, filter.isPart ? .each : .names(nil))
  }

  private enum Walk {
    /// Without regard to names.
    case none
    /// Along so many deals that the other conditions leave, and their names.
    case deals(Int)
    case each
    /// Along so many names, or all, and the deals of those that contain the text.
    case names(Int?)
  }

  private func list(_ filter: OpportunityFilter, _ walk: Walk) async throws -> [Opportunity] {
    var query = ListQuery(filter)
    let limit = query.bind(filter.limit)
    let contains = filter.text.map { NameSearch.contains(query.bind($0)) } ?? ""
    let sql: String
    switch walk {
    case .none:
      query.limit(to: filter.scopeToAsk, first: limit)
      sql = """
        SELECT \(OpportunityColumns.list) FROM opportunities \(query.selection())
        ORDER BY id LIMIT \(limit)
        """
    case .each:
      query.require(
        "EXISTS (SELECT FROM opportunity_names WHERE opportunity_id = id AND \(contains))")
      query.limit(to: filter.scopeToAsk, first: limit)
      sql = """
        SELECT \(OpportunityColumns.list) FROM opportunities \(query.selection())
        ORDER BY id LIMIT \(limit)
        """
    case .deals(let count):
      query.limit(to: filter.scopeToAsk, first: "\(count)")
      sql = """
        SELECT \(OpportunityColumns.list) FROM (
          SELECT \(OpportunityColumns.list) FROM opportunities \(query.selection())
          ORDER BY id LIMIT \(count)) AS next
        JOIN opportunity_names ON opportunity_id = id WHERE \(contains)
        ORDER BY id LIMIT \(limit)
        """
    case .names(let count):
      // OFFSET 0 keeps the planner from reading the deals of all those names.
      sql = """
        SELECT \(OpportunityColumns.list) FROM (
          SELECT opportunity_id, words FROM opportunity_names WHERE \(query.behind)
          ORDER BY opportunity_id LIMIT \(count.map { "\($0)" } ?? "ALL")) AS next
        CROSS JOIN LATERAL (
          SELECT \(OpportunityColumns.list) FROM opportunities
          \(query.selection("id = opportunity_id")) OFFSET 0) AS deals
        WHERE \(contains) ORDER BY opportunity_id LIMIT \(limit)
        """
    }
    return try await pool.query(sql, parameters: query.parameters).map {
      try OpportunityColumns.read($0)
    }
  }

  /// What the index of the names leads to; nil where the text is in too many of them.
  private func list(
    _ filter: OpportunityFilter, containing text: String
  ) async throws -> [Opportunity]? {
    var query = ListQuery(filter)
    let limit = query.bind(filter.limit)
    let text = query.bind(text)
    query.filter(by: filter.scopeToAsk)
    // Where nothing else is asked, the first that are found are the page.
    let page = """
      hits WHERE opportunity_id NOT IN (SELECT id FROM opportunities WHERE merged_into IS NOT NULL)
        ORDER BY opportunity_id LIMIT \(limit)
      """
    let hits = query.asksForAll ? page : "hits"
    // That a page is wanted in order must not lead the planner past the index.
    let rows = try await pool.query(
      """
      WITH hits AS MATERIALIZED (
        SELECT opportunity_id FROM opportunity_names
        WHERE \(NameSearch.mayContain(text)) AND \(NameSearch.contains(text)) AND \(query.behind)
        LIMIT \(NameSearch.few + 1)),
      counted AS MATERIALIZED (SELECT count(*) <= \(NameSearch.few) AS are_few FROM hits),
      matching AS MATERIALIZED (
        SELECT \(OpportunityColumns.list) FROM opportunities
        \(query.selection(
          "id IN (SELECT opportunity_id FROM \(hits))", "(SELECT are_few FROM counted)")))
      SELECT are_few, page.* FROM counted LEFT JOIN (
        SELECT \(OpportunityColumns.list) FROM matching ORDER BY id LIMIT \(limit)) AS page ON true
      ORDER BY id
      """, parameters: query.parameters)
    guard try rows.first?.decode(0, as: Bool.self) == true else { return nil }
    return try rows.compactMap { row in
      try row.optional(1, as: EntityID.self).map { _ in try OpportunityColumns.read(row, at: 1) }
    }
  }
}

/// The conditions of a list, and the values that they ask for.
private struct ListQuery {
  private(set) var parameters: [(any PostgresEncodable)?] = []
  private var conditions: [String] = []
  /// No deal is left out but duplicates and those of the pages before.
  private(set) var asksForAll = true
  /// Which names stand behind the page before.
  private(set) var behind = "true"

  init(_ filter: OpportunityFilter) {
    for (column, value) in [
      ("pipeline", filter.pipeline), ("stage", filter.stage), ("owner", filter.owner),
      ("team", filter.team),
    ] {
      if let value { require("\(column) = \(bind(value))") }
    }
    asksForAll = conditions.isEmpty && filter.status == nil
    switch filter.status {
    case .merged?: require("merged_into IS NOT NULL")
    case let status?: require("category = \(bind(status.rawValue)) AND merged_into IS NULL")
    case nil: require("merged_into IS NULL")
    }
    if let after = filter.after {
      let place = bind(after)
      require("id > \(place)")
      behind = "opportunity_id > \(place)"
    }
  }

  /// The value's place among the parameters, such as `$3`.
  mutating func bind(_ value: any PostgresEncodable) -> String {
    parameters.append(value)
    return "$\(parameters.count)"
  }

  mutating func require(_ condition: String) { conditions.append(condition) }

  /// - Parameter first: how many deals are wanted.
  mutating func limit(to scope: DealScope?, first: String) {
    guard let scope else { return }
    conditions = ScopeCondition(scope: scope).joined(to: conditions, limit: first, &parameters)
  }

  /// For deals that are found by something else.
  mutating func filter(by scope: DealScope?) {
    guard let scope else { return }
    asksForAll = false
    require(ScopeCondition(scope: scope).plain(&parameters))
  }

  func selection(_ more: String...) -> String {
    let all = conditions + more
    return all.isEmpty ? "" : "WHERE " + all.joined(separator: " AND ")
  }
}
