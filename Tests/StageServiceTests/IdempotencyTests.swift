import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import Testing

@testable import StageService

/// An Idempotency-Key on what is no command on a deal.
@Suite struct IdempotencyTests {
  private static let drafts = "/v1/pipelines/general/drafts"

  private static func definition(_ name: String = "需求调研") throws -> JSONValue {
    var definition = Templates.general
    definition.stages[1].name.zh = name
    return try JSONCoding.decode(JSONValue.self, from: try JSONCoding.encode(definition))
  }

  /// Sends the request twice; the second answer must be the first one.
  @discardableResult
  private func twice(
    _ api: API, _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil,
    key: String, status: Int
  ) async throws -> API.Answer {
    let bytes = try body.map { try JSONCoding.encode($0) }
    let headers: [HTTPField.Name: String] = [.idempotencyKey: key]
    let first = try await api.send(method, path, bytes: bytes, as: .admin, headers: headers)
    #expect(first.status == status, "\(method) \(path): \(first.body)")
    let second = try await api.send(method, path, bytes: bytes, as: .admin, headers: headers)
    #expect(second.status == first.status && second.body == first.body, "\(method) \(path)")
    #expect(second.etag == first.etag)
    #expect(second.headers[.location] == first.headers[.location])
    #expect(second.headers[.contentType] == first.headers[.contentType])
    return first
  }

  private func count(_ table: String, _ api: API) async throws -> Int {
    try await api.pool.query("SELECT count(*) FROM \(table)").first?.decode(0, as: Int.self) ?? 0
  }

  @Test func draftsAreWrittenOnce() async throws {
    try await withAPI { api in
      let general: JSONValue = ["key": "general", "template": "general"]
      try await twice(api, .post, "/v1/pipelines", general, key: "pipeline", status: 201)
      #expect(try await api.outboxCount(of: .pipelines) == 1)

      let draft = try await twice(
        api, .post, Self.drafts, try Self.definition(), key: "create", status: 201)
      #expect(try await count("drafts", api) == 1)
      let path = try #require(draft.headers[.location])
      let said: JSONValue = ["stage": "proposal", "text": "ok"]
      try await twice(api, .post, "\(path)/feedback", said, key: "feedback", status: 201)
      #expect(try await count("draft_feedback", api) == 1)
      let edited = try await twice(
        api, .put, path, try Self.definition("诊断"), key: "replace", status: 200)
      #expect(edited["revision"] == 2 && edited["feedback"].items.count == 1)
      #expect(try await api.get(path)["revision"] == 2)

      let note: JSONValue = ["note": "clearer"]
      let published = try await twice(
        api, .post, "\(path)/publish", note, key: "publish", status: 201)
      #expect(published["version"] == 2)
      #expect(try await count("pipelines", api) == 2)
      // A refusal is the answer to its key, too.
      let late = try await twice(
        api, .put, path, try Self.definition(), key: "late", status: 409)
      #expect(late["code"] == "draft-published")

      let other = try await api.send(.post, Self.drafts, try Self.definition(), as: .admin)
      let place = try #require(other.headers[.location])
      try await twice(api, .delete, place, key: "delete", status: 204)
      #expect(try await api.send(.delete, place, as: .admin).status == 404)
    }
  }

  @Test func theDirectoryIsChangedOnce() async throws {
    try await withAPI { api in
      let teams = "/v1/teams/east"
      try await twice(api, .put, teams, [:], key: "made", status: 201)
      let name: JSONValue = ["name": ["zh": "华东", "en": "East"]]
      let named = try await twice(api, .put, teams, name, key: "named", status: 200)
      #expect(named.etag == "\"2\"")
      // What others did since is not undone by a late copy.
      try await api.put("teams/east", ["name": ["zh": "华东", "en": "The East"]])
      try await twice(api, .put, teams, name, key: "named", status: 200)
      #expect(try await api.get(teams)["name"]["en"] == "The East")
      try await api.put("people/gu.wen", ["name": "Gu"])
      let left = try await twice(
        api, .post, "/v1/people/gu.wen/deactivate", key: "left", status: 200)
      #expect(left["active"] == .boolean(false))
      let wrong = try await twice(
        api, .put, "/v1/people/x", ["name": ""], key: "wrong", status: 422)
      #expect(wrong["code"] == "invalid-entry")
    }
  }

  @Test func aKeyBelongsToOneRequest() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let key: [HTTPField.Name: String] = [.idempotencyKey: "k"]
      let made = try await api.send(
        .post, Self.drafts, try Self.definition(), as: .admin, headers: key)
      let path = try #require(made.headers[.location])
      for (method, place, body) in [
        (HTTPRequest.Method.post, Self.drafts, try Self.definition("别的")),
        (.post, "/v1/pipelines/other/drafts", try Self.definition()), (.delete, path, nil),
        (.put, "/v1/teams/east", [:]),
      ] as [(HTTPRequest.Method, String, JSONValue?)] {
        let answer = try await api.send(
          method, place, bytes: try body.map { try JSONCoding.encode($0) }, as: .admin,
          headers: key)
        #expect(answer.status == 422 && answer["code"] == "idempotency-key-reused", "\(place)")
      }
      let long = try await api.send(
        .delete, path, as: .admin,
        headers: [.idempotencyKey: String(repeating: "x", count: 201)])
      #expect(long.status == 400 && long.codes == ["invalid-header"])
    }
  }

  /// What was not found is looked for again, and nothing is kept of a request that could not be read.
  @Test func whatDecidedNothingIsNotKept() async throws {
    try await withAPI { api in
      let headers: [HTTPField.Name: String] = [.idempotencyKey: "k"]
      let missing = "\(Self.drafts)/\(Fixture.dealID)"
      let gone = try await api.send(.delete, missing, as: .admin, headers: headers)
      #expect(gone.status == 404)
      let unreadable = try await api.send(
        .post, Self.drafts, bytes: Array("{".utf8), as: .admin, headers: headers)
      #expect(unreadable.status == 400)
      #expect(try await count("idempotency_keys", api) == 0)
    }
  }

  /// The copy finds no answer yet, and keeps none beside the first one.
  @Test func ofCopiesAtTheSameTimeOneIsCarriedOut() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let body = try Self.definition()
      let ids = try await withThrowingTaskGroup(of: JSONValue.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await api.send(
              .post, Self.drafts, body, as: .admin, headers: [.idempotencyKey: "k"])["id"]
          }
        }
        return try await group.reduce(into: Set<JSONValue>()) { $0.insert($1) }
      }
      #expect(ids.count == 1 && ids.first?.text != nil)
      #expect(try await count("drafts", api) == 1)
    }
  }
}
