package import Contracts
package import Postgres

/// A small organisation for tests: `china` with `east` and `west` below it, and `east-1` below `east`.
///
///     china (zhou.ting)  calendar cn
///     ├─ east (wang.li)  visibility team: li.na, wang.li
///     │  └─ east-1: chen.hao
///     └─ west (sun.fei): sun.fei, he.yan
///
/// zhou.ting is in no team, and gu.wen, who is in none either, reports to wang.li.
package enum Staff {
  package static let at = Instant("2026-11-23T09:30:00Z")!

  package static func person(
    _ id: String, team: String? = nil, manager: String? = nil, zone: String = "Asia/Shanghai",
    _ change: (inout PersonEntry) -> Void = { _ in }
  ) -> PersonEntry {
    var entry = PersonEntry(
      id: id, name: id, teamId: team, managerId: manager, timeZone: zone, changedAt: at,
      changedBy: "chen.admin")
    change(&entry)
    return entry
  }

  package static func team(
    _ id: String, under parent: String? = nil, lead: String? = nil, calendar: String? = nil,
    visibility: TeamEntry.Visibility? = nil
  ) -> TeamEntry {
    TeamEntry(
      id: id, parentId: parent, managerId: lead, calendarId: calendar, visibility: visibility,
      changedAt: at, changedBy: "chen.admin")
  }

  package static let people = [
    person("zhou.ting"), person("wang.li", team: "east"), person("li.na", team: "east"),
    person("chen.hao", team: "east-1", zone: "America/New_York"), person("sun.fei", team: "west"),
    person("he.yan", team: "west"), person("gu.wen", manager: "wang.li"),
  ]

  package static let teams = [
    team("china", lead: "zhou.ting", calendar: "cn"),
    team("east", under: "china", lead: "wang.li", visibility: .team),
    team("east-1", under: "east"), team("west", under: "china", lead: "sun.fei"),
  ]

  /// Fills a service's mirror of the directory with them.
  package static func fill(_ pool: PostgresPool) async throws {
    for person in people { try await put(person, in: pool) }
    for team in teams { try await put(team, in: pool) }
  }

  /// Puts an entry into a service's mirror of the directory.
  package static func put(_ entry: some DirectoryPayload, in pool: PostgresPool) async throws {
    try await pool.execute(
      """
      INSERT INTO directory_entries (kind, id, version, entry) VALUES ($1, $2, $3, $4)
      ON CONFLICT (kind, id) DO UPDATE SET version = excluded.version, entry = excluded.entry
      """, type(of: entry).kind, entry.id, entry.version, PostgresJSON(try JSONCoding.encode(entry))
    )
    try await pool.execute("UPDATE directory_revision SET revision = revision + 1")
  }
}
