import Contracts

/// The people and teams of an installation, as an import needs them.
protocol PeopleDirectory: Sendable {
  /// The entries that there are, by id.
  func people() async throws -> [String: JSONValue]
  func teams() async throws -> Set<String>
  func putTeam(_ id: String) async throws
  /// The entry's new version.
  func putPerson(_ id: String, _ members: [String: JSONValue]) async throws -> Int64
}

/// Takes people over from a file: all rows are checked first, then teams are made and people put,
/// managers before those who report to them.
struct PeopleImport: Sendable {
  let directory: any PeopleDirectory

  /// Members that the service gives; they are not sent back.
  private static let given = ["id", "version", "changedAt", "changedBy"]

  func run(file path: String, isDryRun: Bool) async throws -> PeopleReport {
    var report = PeopleReport(isDryRun: isDryRun)
    var people: PeopleTable
    let file: String
    do {
      let table = try CSVTable.read(path: path)
      file = table.file
      people = try PeopleTable(table)
    } catch let problem as ImportProblem {
      report.errors = [problem]
      report.isBlocked = true
      return report
    }
    let known = try await directory.people()
    people.order(file: file, beside: known.mapValues { $0.text("managerId") })
    report.rows = people.rows.count
    report.errors = people.errors.sorted { $0.line < $1.line }
    report.isBlocked = !people.errors.isEmpty
    if report.isBlocked { return report }

    let teams = try await directory.teams()
    report.teams = Set(people.rows.compactMap(\.team)).subtracting(teams).sorted()
    if isDryRun { return report }
    for team in report.teams { try await directory.putTeam(team) }
    for row in people.rows {
      do {
        let version = try await directory.putPerson(
          row.id, PeopleImport.members(of: row, beside: known[row.id]))
        report.count(version, before: known[row.id]?.version)
      } catch let refusal as ServiceRefusal where [409, 412, 422].contains(refusal.httpStatus) {
        report.errors.append(ImportProblem(file, row.line, .refused, refusal.explanation))
      }
    }
    return report
  }

  /// What the file says, and beside it what is there.
  private static func members(of row: PersonRow, beside entry: JSONValue?) -> [String: JSONValue] {
    var members = row.members
    if case .object(let present)? = entry {
      members = present.filter { !given.contains($0.key) }.merging(members) { $1 }
    }
    return members
  }
}

extension JSONValue {
  fileprivate func text(_ member: String) -> String? {
    if case .object(let members) = self, case .string(let text)? = members[member] {
      text
    } else {
      nil
    }
  }

  fileprivate var version: Int64? {
    if case .object(let members) = self, case .integer(let version)? = members["version"] {
      version
    } else {
      nil
    }
  }
}

extension ServiceClient: PeopleDirectory {
  private struct EntryPage: Decodable {
    var items: [JSONValue]
    var next: String?
  }

  func people() async throws -> [String: JSONValue] {
    let entries = try await entries("people")
    return Dictionary(entries.compactMap { entry in entry.text("id").map { ($0, entry) } }) { $1 }
  }

  func teams() async throws -> Set<String> {
    Set(try await entries("teams").compactMap { $0.text("id") })
  }

  func putTeam(_ id: String) async throws {
    _ = try await put("/v1/teams/\(ServiceClient.encode(id))", [String: JSONValue]())
  }

  func putPerson(_ id: String, _ members: [String: JSONValue]) async throws -> Int64 {
    let path = "/v1/people/\(ServiceClient.encode(id))"
    let answer = try decode(JSONValue.self, from: try await put(path, members), path)
    return answer.version ?? 1
  }

  private func entries(_ folder: String) async throws -> [JSONValue] {
    var all: [JSONValue] = []
    var cursor: String?
    repeat {
      let after = cursor.map { "&cursor=\(ServiceClient.encode($0))" } ?? ""
      let page = try await get("/v1/\(folder)?limit=500\(after)", as: EntryPage.self)
      all += page.items
      cursor = page.next
    } while cursor != nil
    return all
  }
}
