import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import StageService

@Suite struct ServiceAccountRoutesTests {
  private static let path = "/v1/service-accounts"

  private func create(
    _ api: API, _ body: JSONValue = ["name": "CRM bridge", "roles": ["publisher"]]
  ) async throws -> (id: String, token: String) {
    let answer = try await api.send(.post, Self.path, body, as: .admin)
    try #require(answer.status == 201, "\(answer.body)")
    return (try #require(answer["id"].text), try #require(answer["token"].text))
  }

  @Test func theTokenIsShownOnceAndNowhereKept() async throws {
    try await withAPI { api in
      let answer = try await api.send(
        .post, Self.path,
        ["name": "CRM bridge", "roles": ["viewer", "publisher", "viewer"], "rateLimit": 2.5],
        as: .admin)
      #expect(answer.status == 201)
      let id = try #require(answer["id"].text)
      let token = try #require(answer["token"].text.flatMap { ServiceAccountToken($0) })
      #expect(token.account.description == id)
      #expect(answer["name"] == "CRM bridge")
      #expect(answer["roles"] == ["publisher", "viewer"])
      #expect(answer["rateLimit"] == 2.5)
      #expect(answer["createdBy"] == "li.na")
      #expect(answer["createdAt"].text.flatMap { Instant($0) } != nil)
      #expect(answer.headers[.location] == "\(Self.path)/\(id)")
      #expect(answer.headers[.cacheControl] == "no-store")

      let read = try await api.send(.get, "\(Self.path)/\(id)", as: .admin)
      #expect(read.status == 200)
      let listed = try await api.send(.get, Self.path, as: .admin)
      for shown in [read.body, listed["items"].items[0]] {
        #expect(shown["id"].text == id)
        #expect(shown["token"] == .null)
        #expect(shown["secretHash"] == .null)
        #expect(shown["revokedAt"] == .null)
      }
      let secret = String(token.text.suffix(43))
      let kept = try await api.pool.query(
        """
        SELECT count(*) FROM service_accounts, outbox
        WHERE service_accounts::text LIKE '%' || $1 || '%'
          OR convert_from(value, 'UTF8') LIKE '%' || $1 || '%'
        """, secret)
      #expect(try kept.first?.decode(0, as: Int64.self) == 0)
    }
  }

  @Test func whatIsMadeIsAnnounced() async throws {
    try await withAPI { api in
      let (id, token) = try await create(api)
      #expect(try await api.send(.delete, "\(Self.path)/\(id)", as: .admin).status == 204)
      let rows = try await api.pool.query(
        "SELECT message_key, value, headers FROM outbox WHERE topic = $1 ORDER BY id",
        Topic.directory.name)
      let entries = try rows.map { row in
        let wire = WireMessage(
          key: try row.decode(0, as: [UInt8].self), value: try row.decode(1, as: [UInt8].self),
          headers: try #require(HeaderCoding.decode(try row.decode(2, as: [UInt8].self))))
        #expect(wire.key == Array("service-account:\(id)".utf8))
        guard case .payload(let entry, _) = try ServiceAccountEntry.read(wire) else {
          throw MessageFailure(.invalidData, "no entry")
        }
        return entry
      }
      #expect(entries.map(\.id.description) == [id, id])
      #expect(entries.map { $0.revokedAt != nil } == [false, true])
      #expect(entries[0].roles == ["publisher"])
      let hashes = Set(entries.map(\.secretHash))
      let made = try #require(ServiceAccountToken(token))
      #expect(hashes == [made.secretHash])
    }
  }

  @Test func aMachineMayDoWhatItsRolesAllowUntilItIsRevoked() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let publisher = try await create(api)
      let rep = try await create(api, ["name": "portal", "roles": ["rep"]])
      let refused = try await api.send(.get, "/v1/pipelines", token: publisher.token)
      #expect(refused.status == 403, "a publisher only posts activities")
      let created = try await api.send(
        .post, "/v1/opportunities", bytes: try JSONCoding.encode(API.deal()), token: rep.token)
      #expect(created.status == 201)
      let history = try await api.get(
        "/v1/opportunities/\(try #require(created["id"].text))/history")
      #expect(history["items"].items[0]["actor"] == "service:portal")
      let admin = try await api.send(.get, Self.path, token: rep.token)
      #expect(admin.status == 403)

      for _ in 0..<2 {
        let gone = try await api.send(.delete, "\(Self.path)/\(rep.id)", as: .admin)
        #expect(gone.status == 204)
        #expect(gone.body == .null)
      }
      #expect(try await api.outboxCount(of: .directory) == 3, "revoked once")
      let read = try await api.send(.get, "\(Self.path)/\(rep.id)", as: .admin)
      #expect(read["revokedAt"].text.flatMap { Instant($0) } != nil)
      try await eventually("the token is refused") {
        let answer = try await api.send(.get, "/v1/pipelines", token: rep.token)
        return answer.status == 401 && answer["code"] == "invalid-token"
      }
    }
  }

  @Test func everythingThatIsWrongIsListedAtOnce() async throws {
    try await withAPI { api in
      let answer = try await api.send(
        .post, Self.path,
        ["name": " ", "roles": ["publisher", "admin", "owner"], "rateLimit": 0], as: .admin)
      #expect(answer.status == 422)
      #expect(answer["code"] == "invalid-service-account")
      #expect(
        answer.codes == ["required", "role-not-allowed", "unknown-role", "out-of-range"])
      #expect(
        answer["errors"].items.map { $0["pointer"] } == [
          "/name", "/roles/1", "/roles/2", "/rateLimit",
        ])
      let empty = try await api.send(.post, Self.path, [:], as: .admin)
      #expect(empty.codes == ["required", "required"])
      #expect(try await api.outboxCount(of: .directory) == 0)
    }
  }

  @Test(arguments: [
    ("a\u{0}b", ["invalid-text"]), ("line\nbreak", ["invalid-text"]),
    ("activity-ingest", ["reserved-name"]), (String(repeating: "长", count: 101), ["too-long"]),
    (String(repeating: "\u{7}", count: 101), ["invalid-text", "too-long"]), ("", ["required"]),
    (String(repeating: "长", count: 100), []), ("企微 · 会话存档", []),
  ])
  func names(_ name: String, _ codes: [String]) async throws {
    try await withAPI { api in
      let answer = try await api.send(
        .post, Self.path, ["name": .string(name), "roles": ["publisher"]], as: .admin)
      #expect(answer.codes == codes)
      #expect(answer.status == (codes.isEmpty ? 201 : 422))
    }
  }

  @Test(arguments: [
    (0.009, false), (0.01, true), (1_000_000, true), (1_000_001, false), (-1, false),
  ])
  func rates(_ rate: Double, _ isUsable: Bool) async throws {
    try await withAPI { api in
      let answer = try await api.send(
        .post, Self.path, ["name": "a", "roles": ["rep"], "rateLimit": .number(rate)], as: .admin)
      #expect(answer.status == (isUsable ? 201 : 422))
    }
  }

  @Test(arguments: [
    "", "[]", "{", #"{"name":1,"roles":["rep"]}"#, #"{"name":"a","roles":"rep"}"#,
    #"{"name":"a","roles":[null]}"#, #"{"name":"a","roles":["rep"],"rateLimit":"fast"}"#,
  ])
  func bodiesThatAreNone(_ body: String) async throws {
    try await withAPI { api in
      let answer = try await api.send(.post, Self.path, bytes: Array(body.utf8), as: .admin)
      #expect(answer.status == 400)
    }
  }

  @Test(arguments: [Role.rep, .manager, .viewer, .publisher])
  func onlyAdminsMay(_ role: Role) async throws {
    try await withAPI { api in
      let (id, _) = try await create(api)
      let body: JSONValue = ["name": "a", "roles": ["rep"]]
      #expect(try await api.send(.post, Self.path, body, as: role).status == 403)
      #expect(try await api.send(.get, Self.path, as: role).status == 403)
      #expect(try await api.send(.get, "\(Self.path)/\(id)", as: role).status == 403)
      #expect(try await api.send(.delete, "\(Self.path)/\(id)", as: role).status == 403)
      #expect(try await api.send(.get, Self.path, token: "").status == 401)
    }
  }

  @Test func unknownAccounts() async throws {
    try await withAPI { api in
      for id in [EntityID.make(at: .now()).description, "nonsense"] {
        let read = try await api.send(.get, "\(Self.path)/\(id)", as: .admin)
        #expect(read.status == 404)
        let revoked = try await api.send(.delete, "\(Self.path)/\(id)", as: .admin)
        #expect(revoked.status == 404)
      }
      #expect(try await api.outboxCount(of: .directory) == 0)
    }
  }

  @Test func theListComesInPages() async throws {
    try await withAPI { api in
      var ids: [String] = []
      for _ in 0..<5 { ids.append(try await create(api).id) }
      let first = try await api.send(.get, "\(Self.path)?limit=3", as: .admin)
      let next = try #require(first["next"].text)
      let second = try await api.send(.get, "\(Self.path)?limit=3&cursor=\(next)", as: .admin)
      #expect(second["next"] == .null)
      #expect(
        (first["items"].items + second["items"].items).compactMap { $0["id"].text } == ids.sorted())
      let bad = try await api.send(.get, "\(Self.path)?limit=0&cursor=x&sort=name", as: .admin)
      #expect(bad.status == 400)
      #expect(bad.codes.count == 3)
    }
  }

  /// The kept answer would hold the secret, so the key is not heeded: each call makes an account.
  @Test func anIdempotencyKeyIsNotHeeded() async throws {
    try await withAPI { api in
      let body: JSONValue = ["name": "a", "roles": ["rep"]]
      var ids: Set<JSONValue> = []
      for _ in 0..<2 {
        ids.insert(
          try await api.send(
            .post, Self.path, body, as: .admin, headers: [.idempotencyKey: "k"])["id"])
      }
      #expect(ids.count == 2)
      let kept = try await api.pool.query("SELECT count(*) FROM idempotency_keys")
      #expect(try kept.first?.decode(0, as: Int64.self) == 0)
    }
  }
}
