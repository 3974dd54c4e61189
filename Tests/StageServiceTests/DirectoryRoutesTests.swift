import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

extension API {
  /// Puts an entry as an admin; it must be taken.
  func put(_ path: String, _ body: JSONValue) async throws {
    let answer = try await send(.put, "/v1/\(path)", body, as: .admin)
    try #require([200, 201].contains(answer.status), "\(path): \(answer.body)")
  }

  /// The organisation of ``Staff``.
  func putStaff() async throws {
    for person in Staff.people { try await put("people/\(person.id)", ["name": "x"]) }
    for team in Staff.teams {
      try await put("teams/\(team.id)", try request(team))
    }
    for person in Staff.people { try await put("people/\(person.id)", try request(person)) }
  }

  private func request(_ entry: some DirectoryRecord) throws -> JSONValue {
    try JSONCoding.decode(JSONValue.self, from: try JSONCoding.encode(entry))
  }

  /// What was announced on `directory.v1`, in order.
  func announcedEntries() async throws -> [DirectoryEntry] {
    try await pool.query(
      "SELECT message_key, value, headers FROM outbox WHERE topic = $1 ORDER BY id",
      Topic.directory.name
    ).map { row in
      let wire = WireMessage(
        key: try row.decode(0, as: [UInt8].self), value: try row.decode(1, as: [UInt8].self),
        headers: try #require(HeaderCoding.decode(try row.decode(2, as: [UInt8].self))))
      guard case .payload(let entry, let event) = try DirectoryEntry.read(wire) else {
        throw MessageFailure(.invalidData, "no entry")
      }
      #expect(wire.key == Array(entry.messageKey.utf8))
      #expect(event.subject == entry.messageKey)
      return entry
    }
  }
}

@Suite(.serialized) struct DirectoryRoutesTests {
  private static let person: JSONValue = [
    "name": "李娜", "email": "li.na@example.com", "timeZone": "Asia/Shanghai", "roles": ["legal"],
    "channels": [["kind": "email", "address": "li.na@example.com"]],
    "absence": ["from": "2026-12-21", "to": "2026-12-31"],
  ]

  @Test func aPersonIsMadeReadChangedAndAnnounced() async throws {
    try await withAPI { api in
      let made = try await api.send(.put, "/v1/people/li.na", Self.person, as: .admin)
      #expect(made.status == 201)
      #expect(made.headers[.location] == "/v1/people/li.na")
      #expect(made.etag == "\"1\"")
      #expect(made["id"] == "li.na" && made["version"] == 1 && made["active"] == true)
      #expect(made["language"] == "zh" && made["changedBy"] == "li.na")
      let read = try await api.get("/v1/people/li.na")
      #expect(read.status == 200 && read.body == made.body && read.etag == "\"1\"")

      let same = try await api.send(.put, "/v1/people/li.na", Self.person, as: .admin)
      #expect(same.status == 200 && same.body == made.body, "nothing has changed")
      let changed = try await api.send(
        .put, "/v1/people/li.na", ["name": "Li Na", "language": "en"], as: .admin,
        headers: [.ifMatch: "\"1\""])
      #expect(changed.status == 200 && changed.etag == "\"2\"")
      #expect(changed["email"] == .null && changed["timeZone"] == "UTC")
      #expect(changed["roles"] == [] && changed["channels"] == [])

      let entries = try await api.announcedEntries()
      #expect(entries.map(\.messageID) == ["person:li.na:1", "person:li.na:2"])
      guard case .person(let last) = try #require(entries.last) else {
        Issue.record("\(entries)")
        return
      }
      #expect(last.name == "Li Na" && last.version == 2)
    }
  }

  @Test func aStaleVersionIsRefusedWithTheCurrentEntry() async throws {
    try await withAPI { api in
      try await api.put("teams/east", [:])
      try await api.put("teams/east", ["name": ["zh": "华东", "en": "East"]])
      for version in ["\"1\"", "\"0\"", "\"3\""] {
        let stale = try await api.send(
          .put, "/v1/teams/east", [:], as: .admin, headers: [.ifMatch: version])
        #expect(stale.status == 412 && stale["code"] == "precondition-failed")
        #expect(stale.etag == "\"2\"")
        #expect(stale["current"]["name"]["en"] == "East")
      }
      let none = try await api.send(
        .put, "/v1/teams/west", [:], as: .admin, headers: [.ifMatch: "\"1\""])
      #expect(none.status == 412 && none.etag == "\"0\"" && none["current"] == .null)
      let unreadable = try await api.send(
        .put, "/v1/teams/east", [:], as: .admin, headers: [.ifMatch: "2"])
      #expect(unreadable.status == 400)
      for version in ["\"0\"", "*"] {
        let answer = try await api.send(
          .put, "/v1/teams/south", [:], as: .admin, headers: [.ifMatch: version])
        #expect(answer.status == (version == "*" ? 200 : 201))
      }
    }
  }

  @Test func whatIsWrongIsListedAtOnceAndChangesNothing() async throws {
    try await withAPI { api in
      let person = try await api.send(
        .put, "/v1/people/li.na",
        ["name": "", "teamId": "north", "managerId": "ghost", "timeZone": "CST"], as: .admin)
      #expect(person.status == 422 && person["code"] == "invalid-entry")
      #expect(
        person.codes == ["required", "unknown-team", "unknown-person", "unknown-time-zone"])
      #expect(person["errors"].items.map { $0["pointer"] }[1] == "/teamId")
      try await api.put("teams/china", [:])
      try await api.put("teams/east", ["parentId": "china"])
      let team = try await api.send(
        .put, "/v1/teams/china", ["parentId": "east"], as: .admin)
      #expect(team.codes == ["cycle"])
      let calendar = try await api.send(
        .put, "/v1/calendars/x",
        [
          "name": ["zh": "甲", "en": "A"],
          "holidays": [["date": "2026-10-01", "name": ["zh": "甲", "en": "A"]]],
          "makeUpDays": [["date": "2026-10-01", "name": ["zh": "甲", "en": "A"]]],
        ], as: .admin)
      #expect(calendar.codes == ["duplicate-date"])
      let rates = try await api.send(
        .put, "/v1/exchange-rates/2026-11-23", ["base": "CNY", "rates": ["USD": "-7"]], as: .admin)
      #expect(rates.codes == ["invalid-rate"])
      let day = try await api.send(
        .put, "/v1/exchange-rates/2026-02-30", ["base": "CNY", "rates": ["USD": "7"]], as: .admin)
      #expect(day.status == 422 && day.codes == ["invalid-date"])
      let id = try await api.send(.put, "/v1/people/li%20na", ["name": "x"], as: .admin)
      #expect(id.status == 422 && id.codes == ["invalid-id"])
      #expect(try await api.outboxCount(of: .directory) == 2, "the two teams")
    }
  }

  @Test(
    arguments: [
      ("people/a", #"{"name":1}"#), ("people/a", #"{"absence":{"from":"2026-12-21"}}"#),
      ("people/a", #"{"absence":{"from":"soon","to":"2026-12-21"}}"#),
      ("teams/a", #"{"visibility":"all"}"#), ("teams/a", #"{"name":{"zh":"甲"}}"#),
      ("calendars/a", #"{"name":{"zh":"甲","en":"A"},"workingDays":[]}"#),
      ("calendars/a", #"{"name":{"zh":"甲","en":"A"},"workingDays":["monday"]}"#),
      ("calendars/a", "{}"), ("exchange-rates/2026-11-23", #"{"base":"CNY","rates":{"USD":7.1}}"#),
      ("exchange-rates/2026-11-23", #"{"rates":{"USD":"7.1"}}"#), ("people/a", "["),
    ])
  func whatCannotBeReadIsA400(_ path: String, _ body: String) async throws {
    try await withAPI { api in
      let answer = try await api.send(
        .put, "/v1/\(path)", bytes: Array(body.utf8), as: .admin)
      #expect(answer.status == 400, "\(answer.body)")
    }
  }

  @Test func onlyAdminsChangeAndReadersRead() async throws {
    try await withAPI { api in
      let body: JSONValue = ["name": ["zh": "甲", "en": "A"]]
      for path in ["people/a", "teams/a", "calendars/a"] {
        for role in [Role.rep, .manager, .viewer, .publisher] {
          let answer = try await api.send(.put, "/v1/\(path)", body, as: role)
          #expect(answer.status == 403 && answer.codes == ["role-required"])
        }
      }
      let rates: JSONValue = ["base": "CNY", "rates": ["USD": "7.1234"]]
      #expect(
        try await api.send(.put, "/v1/exchange-rates/2026-11-23", rates, as: .viewer).status == 403)
      #expect(try await api.send(.post, "/v1/people/a/deactivate", as: .manager).status == 403)
      for path in ["people", "teams", "calendars"] {
        for role in [Role.rep, .manager, .viewer, .admin] {
          #expect(try await api.get("/v1/\(path)", as: role).status == 200)
        }
        #expect(try await api.get("/v1/\(path)", as: .publisher).status == 403)
      }
    }
  }

  @Test func whatIsNotThereIsA404() async throws {
    try await withAPI { api in
      for path in [
        "people/ghost", "people/a%00b", "teams/ghost", "calendars/ghost",
        "exchange-rates/2026-11-23", "exchange-rates/today",
      ] {
        let answer = try await api.get("/v1/\(path)")
        #expect(answer.status == 404, "\(path)")
      }
      let left = try await api.send(.post, "/v1/people/ghost/deactivate", as: .admin)
      #expect(left.status == 404)
    }
  }

  @Test func listsComeInPages() async throws {
    try await withAPI { api in
      for id in ["c", "a", "%E6%9D%8E%E5%A8%9C", "b"] {
        try await api.put("people/\(id)", ["name": "x"])
      }
      var seen: [String] = []
      var cursor = ""
      for _ in 0..<2 {
        let page = try await api.get("/v1/people?limit=2&cursor=\(cursor)")
        seen += page["items"].items.compactMap { $0["id"].text }
        cursor = page["next"].text ?? ""
      }
      #expect(seen == ["a", "b", "c", "李娜"] && cursor.isEmpty)
      #expect(try await api.get("/v1/people?limit=0").status == 400)
      #expect(try await api.get("/v1/teams?team=x").status == 400)
    }
  }

  @Test func mainlandChinaIsThereAndCanBeReplaced() async throws {
    try await withAPI { api in
      let listed = try await api.get("/v1/calendars")
      #expect(listed["items"].items.map { $0["id"] } == ["cn"])
      let shipped = try await api.get("/v1/calendars/cn")
      #expect(shipped.etag == "\"0\"" && shipped["version"] == 0)
      #expect(shipped["provisionalYears"] == [2027])
      #expect(shipped["holidays"].items.count == 52 && shipped["makeUpDays"].items.count == 6)
      let replaced = try await api.send(
        .put, "/v1/calendars/cn", ["name": ["zh": "中国", "en": "China"]], as: .admin,
        headers: [.ifMatch: "\"0\""])
      #expect(replaced.status == 201 && replaced["workingDays"].items.count == 5)
      let read = try await api.get("/v1/calendars/cn")
      #expect(read["version"] == 1 && read["holidays"] == [])
      let entries = try await api.announcedEntries()
      #expect(entries.map(\.messageKey) == ["calendar:cn"])
    }
  }

  @Test func ratesStayTheTextThatTheyAre() async throws {
    try await withAPI { api in
      let rates: JSONValue = ["base": "CNY", "rates": ["USD": "7.10", "JPY": "0.047800000001"]]
      let path = "/v1/exchange-rates/2026-11-23"
      #expect(try await api.send(.put, path, rates, as: .admin).status == 201)
      let read = try await api.get(path)
      #expect(read["rates"] == rates["rates"] && read["base"] == "CNY")
      #expect(read["date"] == "2026-11-23" && read["version"] == 1)
      let entries = try await api.announcedEntries()
      #expect(entries.map(\.messageID) == ["exchange-rates:2026-11-23:1"])
    }
  }

  @Test func whoOwnsOpenDealsCannotLeave() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      try await api.put("people/wang.li", ["name": "王力"])
      let deal = try await api.create(["owner": "wang.li"])
      _ = try await api.create(["owner": "wang.li"])
      let path = "/v1/people/wang.li"
      for answer in [
        try await api.send(.post, path + "/deactivate", as: .admin),
        try await api.send(.put, path, ["name": "王力", "active": false], as: .admin),
      ] {
        #expect(answer.status == 409 && answer["code"] == "owns-open-deals")
        #expect(answer["openDeals"] == 2)
      }
      try await api.pool.execute(
        "UPDATE opportunities SET category = 'lost' WHERE owner = 'wang.li'")
      let stale = try await api.send(
        .post, path + "/deactivate", as: .admin, headers: [.ifMatch: "\"7\""])
      #expect(stale.status == 412)
      for _ in 0..<2 {
        let left = try await api.send(.post, path + "/deactivate", as: .admin)
        #expect(left.status == 200 && left["active"] == false && left["version"] == 2)
      }
      #expect(try await api.get("/v1/opportunities/\(deal)").status == 200)
      let back = try await api.send(.put, path, ["name": "王力"], as: .admin)
      #expect(back["active"] == true && back["version"] == 3)
    }
  }
}

extension DirectoryRoutesTests {
  @Test func whoLeavesHandsTheOpenDealsOver() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      for id in ["wang.li", "zhao.min", "gone"] { try await api.put("people/\(id)", ["name": "x"]) }
      let gone = try await api.send(.post, "/v1/people/gone/deactivate", as: .admin)
      #expect(gone.status == 200)
      var deals: [String] = []
      for _ in 0..<3 { deals.append(try await api.create(["owner": "wang.li"])) }
      let other = try await api.create(["owner": "he.yan"])
      try await api.pool.execute(
        "UPDATE opportunities SET category = 'lost' WHERE id = $1", EntityID(deals[2]))
      let path = "/v1/people/wang.li/deactivate"
      for (successor, code) in [
        ("ghost", "unknown-person"), ("wang.li", "own-delegate"), ("gone", "person-inactive"),
      ] {
        let answer = try await api.send(
          .post, path, ["reassignTo": .string(successor)], as: .admin)
        #expect(answer.status == 422 && answer.codes == [code])
      }
      let unknown = try await api.send(
        .post, "/v1/people/ghost/deactivate", ["reassignTo": "zhao.min"], as: .admin)
      #expect(unknown.status == 404)
      let left = try await api.send(.post, path, ["reassignTo": "zhao.min"], as: .admin)
      #expect(left.status == 200 && left["active"] == false)
      for (deal, owner, sequence) in [
        (deals[0], "zhao.min", 2), (deals[1], "zhao.min", 2), (deals[2], "wang.li", 1),
        (other, "he.yan", 1),
      ] as [(String, String, Int64)] {
        let read = try await api.get("/v1/opportunities/\(deal)")
        #expect(read["owner"].text == owner && read["sequence"] == .integer(sequence))
      }
      let history = try await api.get("/v1/opportunities/\(deals[0])/history")
      #expect(history["items"].items.last?["actor"] == "li.na")
    }
  }

  @Test func nobodyLocksThemselvesOut() async throws {
    try await withAPI { api in
      // The subject of the tests' tokens.
      try await api.put("people/li.na", ["name": "李娜"])
      for answer in [
        try await api.send(.post, "/v1/people/li.na/deactivate", as: .admin),
        try await api.send(
          .put, "/v1/people/li.na", ["name": "李娜", "active": false], as: .admin),
      ] {
        #expect(answer.status == 422 && answer.codes == ["own-entry"])
      }
      let read = try await api.get("/v1/people/li.na")
      #expect(read["active"] == true && read["version"] == 1)
    }
  }
}

/// What a process knows of a directory that another one changes.
@Suite struct DirectoryCacheTests {
  private func store(_ pool: PostgresPool, _ goodFor: Duration) -> DirectoryStore {
    DirectoryStore(
      pool: pool, cache: DirectoryCache(pool: pool, goodFor: goodFor),
      recorder: Recorder(epoch: 1))
  }

  @Test func changesMadeHereAreThereAtOnceAndOthersAfterAMoment() async throws {
    try await withStageTables { pool in
      let (here, there) = (store(pool, .seconds(3_600)), store(pool, .zero))
      #expect(try await here.cache.current().people.isEmpty)
      #expect(try await there.cache.current().people.isEmpty)
      _ = try await here.put(Staff.person("li.na"), expected: nil)
      #expect(try await here.cache.current().people.keys.sorted() == ["li.na"])
      #expect(try await there.cache.current().people.keys.sorted() == ["li.na"])
      _ = try await there.put(Staff.person("wang.li"), expected: nil)
      #expect(try await here.cache.current().people.count == 1, "not asked again yet")
      // A change made on top of one that was missed.
      _ = try await here.put(Staff.team("east", lead: "wang.li"), expected: nil)
      let both = try await here.cache.current()
      #expect(both.people.count == 2 && both.teams["east"]?.managerId == "wang.li")
      let inside = try await pool.transaction { [cache = there.cache] transaction in
        try cache.current(in: transaction).teams.count
      }
      #expect(inside == 1)
    }
  }

  @Test func changesAtTheSameTimeMakeNoCircle() async throws {
    try await withStageTables { pool in
      let store = store(pool, .seconds(3_600))
      for id in ["a", "b"] { _ = try await store.put(Staff.person(id), expected: nil) }
      let (one, other) = (self.store(pool, .zero), self.store(pool, .zero))
      async let first = one.put(Staff.person("a", manager: "b"), expected: nil)
      async let second = other.put(Staff.person("b", manager: "a"), expected: nil)
      let outcomes = [try await first, try await second]
      #expect(
        outcomes.count {
          if case .refused(let failures) = $0 { failures.map(\.code) == ["cycle"] } else { false }
        } == 1)
    }
  }
}
