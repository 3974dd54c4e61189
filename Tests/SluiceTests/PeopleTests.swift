import Contracts
import Foundation
import Synchronization
import Testing

@testable import Sluice

/// An installation's people and teams, in memory, that notes in which order they are put.
private final class FakeDirectory: PeopleDirectory {
  private struct State {
    var people: [String: JSONValue]
    var teams: Set<String>
    var log: [String] = []
  }

  private let state: Mutex<State>
  let refused: Set<String>

  init(people: [String: JSONValue] = [:], teams: Set<String> = [], refused: Set<String> = []) {
    state = Mutex(State(people: people, teams: teams))
    self.refused = refused
  }

  var log: [String] { state.withLock { $0.log } }
  func entry(_ id: String) -> JSONValue? { state.withLock { $0.people[id] } }

  func people() async throws -> [String: JSONValue] { state.withLock { $0.people } }
  func teams() async throws -> Set<String> { state.withLock { $0.teams } }

  func putTeam(_ id: String) async throws {
    state.withLock {
      $0.teams.insert(id)
      $0.log.append("team \(id)")
    }
  }

  func putPerson(_ id: String, _ members: [String: JSONValue]) async throws -> Int64 {
    if refused.contains(id) {
      throw ServiceRefusal(
        service: "stage-service", path: "/v1/people/\(id)",
        response: .init(
          status: 422, body: Array(#"{"title":"The entry is not usable","errors":[]}"#.utf8)))
    }
    return state.withLock { state in
      state.log.append(id)
      var before: [String: JSONValue] = [:]
      if case .object(let members)? = state.people[id] { before = members }
      var version: Int64 = 0
      if case .integer(let number)? = before["version"] { version = number }
      var entry = members
      entry["id"] = .string(id)
      let isSame = before.filter { $0.key != "version" } == entry
      if !isSame { version += 1 }
      entry["version"] = .integer(version)
      state.people[id] = .object(entry)
      return version
    }
  }
}

@Suite struct PeopleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(
    _ csv: String, _ directory: FakeDirectory, isDryRun: Bool = false
  ) async throws -> PeopleReport {
    let path = try folder.write("people.csv", csv)
    return try await PeopleImport(directory: directory).run(file: path, isDryRun: isDryRun)
  }

  private let good = """
    id,name,email,team,manager,roles,timeZone,language
    li.na,李娜,li.na@example.com,east,wang.li,legal; finance,Asia/Shanghai,zh
    wang.li,"Wang, Li",,east,zhou.ting,,Asia/Shanghai,en
    zhou.ting,Zhou Ting,,,,,,
    """

  @Test func managersComeBeforeThoseWhoReportToThem() async throws {
    let directory = FakeDirectory()
    let report = try await run(good, directory)
    #expect(directory.log == ["team east", "zhou.ting", "wang.li", "li.na"])
    #expect(report.created == 3 && report.changed == 0 && report.unchanged == 0)
    #expect(report.teams == ["east"] && report.errors.isEmpty && !report.isBlocked)
    guard case .object(let members)? = directory.entry("li.na") else {
      Issue.record("no entry")
      return
    }
    #expect(members["name"] == "李娜" && members["teamId"] == "east")
    #expect(members["managerId"] == "wang.li" && members["email"] == "li.na@example.com")
    #expect(members["roles"] == .array(["legal", "finance"]))
    #expect(members["timeZone"] == "Asia/Shanghai" && members["language"] == "zh")
  }

  @Test func theSameFileAgainChangesNothing() async throws {
    let directory = FakeDirectory()
    _ = try await run(good, directory)
    let again = try await run(good, directory)
    #expect(again.unchanged == 3 && again.created == 0 && again.changed == 0)
    #expect(again.teams.isEmpty)
  }

  @Test func whatTheFileDoesNotSayStays() async throws {
    let before: [String: JSONValue] = [
      "id": "li.na", "version": 4, "name": "Li Na", "email": "old@example.com",
      "changedBy": "chen.admin", "absence": .object(["from": "2026-12-21", "to": "2026-12-31"]),
    ]
    let directory = FakeDirectory(people: ["li.na": .object(before)])
    let report = try await run("name,id,email\n李娜,li.na,\n", directory)
    #expect(report.changed == 1)
    guard case .object(let members)? = directory.entry("li.na") else {
      Issue.record("no entry")
      return
    }
    #expect(members["name"] == "李娜" && members["email"] == .null, "an empty cell clears")
    #expect(members["absence"] == before["absence"])
    #expect(members["changedBy"] == nil)
  }

  @Test func everyBadRowIsListedAndNothingIsWritten() async throws {
    let directory = FakeDirectory(people: ["boss": .object(["id": "boss"])])
    let report = try await run(
      """
      id,name,email,team,manager,roles,timeZone,language
      ,Nobody,,,,,,
      a b,A,,,,,,
      b,,at,te/am,,Chief,CST,fr
      c,C,,,ghost,,,
      d,D,,,boss,,,
      d,D again,,,,,,
      e,E
      f,F,,,g,,,
      g,G,,,f,,,
      """, directory)
    #expect(report.isBlocked && directory.log.isEmpty)
    #expect(
      report.errors.map { "\($0.line) \($0.kind.rawValue)" } == [
        "2 missing-value", "3 bad-value", "4 missing-value", "4 bad-value", "4 bad-value",
        "4 bad-value", "4 bad-value", "4 bad-value", "5 unknown-manager", "7 duplicate-id",
        "8 malformed-row", "9 manager-circle", "10 manager-circle",
      ])
    #expect(report.badRows == 8)
    let reasons = report.errors.map(\.reason)
    for words in [
      "id is a b", "name is empty", "email is at", "team is te/am", "roles has Chief",
      "timeZone is CST", "language is fr", "manager ghost", "line 6 already", "f → g → f",
    ] {
      #expect(reasons.contains { $0.contains(words) }, "\(words)")
    }
    #expect(report.text().contains("people.csv"))
  }

  @Test func anExistingLineOfManagersCountsToo() async throws {
    let directory = FakeDirectory(people: [
      "boss": .object(["id": "boss", "managerId": "li.na"]), "li.na": .object(["id": "li.na"]),
    ])
    let around = try await run("id,name,manager\nli.na,Li Na,boss\n", directory)
    #expect(around.errors.map(\.kind) == [.managerCircle])
    // Turned round within one file, it is none.
    let turned = try await run(
      "id,name,manager\nli.na,Li Na,boss\nboss,Boss,\n", directory)
    #expect(turned.errors.isEmpty && directory.log == ["boss", "li.na"])
  }

  @Test func aHeaderThatLacksAColumnIsTheWholeFile() async throws {
    for csv in ["", "id,mail\nli.na,x\n"] {
      let report = try await run(csv, FakeDirectory())
      #expect(report.isBlocked && report.errors.count == 1)
      #expect(report.errors[0].kind.concernsWholeFile)
    }
    await #expect(throws: OperatorFailure.self) {
      try await PeopleImport(directory: FakeDirectory()).run(
        file: folder.path + "/missing.csv", isDryRun: false)
    }
  }

  @Test func aDryRunWritesNothing() async throws {
    let directory = FakeDirectory()
    let report = try await run(good, directory, isDryRun: true)
    #expect(directory.log.isEmpty && report.rows == 3 && report.teams == ["east"])
    #expect(report.text().contains("A dry run: nothing was written."))
  }

  @Test func whatTheServiceRefusesIsListedAndTheRestGoesOn() async throws {
    let directory = FakeDirectory(refused: ["wang.li"])
    let report = try await run(good, directory)
    #expect(report.errors.map(\.line) == [3] && report.errors[0].kind == .refused)
    #expect(report.created == 2 && !report.isBlocked)
    #expect(report.text().contains("created"))
  }

  @Test func entriesArePutOverHTTP() async throws {
    let server = try CannedServer(
      status: 200, body: #"{"items":[{"id":"li.na","version":7}],"next":null,"version":8}"#)
    let client = ServiceClient(service: "stage-service", baseURL: server.url, token: "t")
    let path = try folder.write("people.csv", "id,name,team\nli.na,李娜,east\n")
    let report = try await PeopleImport(directory: client).run(file: path, isDryRun: false)
    #expect(report.changed == 1)
    #expect(
      server.requests.map { $0.prefix { !$0.isNewline } } == [
        "GET /v1/people?limit=500 HTTP/1.1", "GET /v1/teams?limit=500 HTTP/1.1",
        "PUT /v1/teams/east HTTP/1.1", "PUT /v1/people/li.na HTTP/1.1",
      ])
    #expect(server.requests.last?.contains(#"{"name":"李娜","teamId":"east"}"#) == true)
  }
}
