import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import Testing

@testable import StageService

/// Personal data go; stages, times and amounts stay.
@Suite(.serialized) struct ErasureTests {
  /// What must be nowhere afterwards.
  private static let secrets = [
    "zhao.min", "13800138000", "Zhao Min", "secret words", "very good", "docs.example", "Offer.pdf",
    "call her", "old.mail",
  ]
  private static let names = ["Kitchen of Zhou", "Zhou Ting household"]

  /// A deal of which everything personal is known, and another one of the same account.
  private func withDeal(
    _ body: @Sendable (API, _ id: String, _ other: String) async throws -> Void
  ) async throws {
    try await withAPI { api in
      func stage(_ key: JSONValue, _ category: JSONValue = "open") -> JSONValue {
        ["key": key, "name": ["zh": key, "en": key], "category": category]
      }
      let definition: JSONValue = [
        "name": ["zh": "简", "en": "plain"],
        "fields": [
          [
            "key": "decider", "name": ["zh": "决策人", "en": "Decider"], "type": "text",
            "personal": true,
          ],
          ["key": "size", "name": ["zh": "规模", "en": "Size"], "type": "text"],
        ],
        "stages": [stage("initial-contact"), stage("needs-analysis"), stage("won", "won")],
      ]
      let published = try await api.send(
        .post, "/v1/pipelines", ["key": "general", "definition": definition], as: .admin)
      try #require(published.status == 201, "\(published.body)")
      let made = try await api.send(
        .post, "/v1/opportunities",
        API.deal([
          "name": "Kitchen of Zhou", "account": ["name": "Zhou Ting household"],
          "fields": [
            "decider": "Zhao Min", "size": "large", "contactEmail": "old.mail@b.cn",
          ],
        ]), headers: [.idempotencyKey: "made"])
      let id = try #require(made["id"].text)
      let path = "/v1/opportunities/\(id)"
      let steps: [(HTTPRequest.Method, String, JSONValue)] = [
        (
          .patch, path,
          [
            "fields": ["contactEmail": "zhao.min@b.cn", "people": [["phone": "13800138000"]]],
            "nextStep": ["text": "call her", "dueAt": "2026-12-01T09:00:00Z"],
          ]
        ),
        (
          .post, "\(path)/activities",
          [
            "kind": "document", "at": "2026-11-01T09:00:00Z", "summary": "secret words",
            "evidence": ["url": "https://docs.example/1", "title": "Offer.pdf"],
          ]
        ),
        (.post, "\(path)/feedback", ["score": 4, "text": "very good"]),
        (.post, "\(path)/moves", ["to": "needs-analysis"]),
      ]
      for (index, (method, uri, body)) in steps.enumerated() {
        let answer = try await api.send(
          method, uri, body, headers: [.idempotencyKey: "step-\(index)"])
        try #require((200...201).contains(answer.status), "\(answer.body)")
      }
      try await body(
        api, id, try await api.create(["account": ["name": "Zhou Ting household"]]))
    }
  }

  private func erase(
    _ api: API, _ id: String, _ body: JSONValue = ["reason": "asked for"], as role: Role = .admin
  ) async throws -> API.Answer {
    try await api.send(.post, "/v1/opportunities/\(id)/erase", body, as: role)
  }

  /// Every row of every table of the service, as text.
  private func everything(_ api: API) async throws -> String {
    let tables = try await api.pool.query(
      "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
    ).map { try $0.decode(0, as: String.self) }
    var text = ""
    for table in tables {
      for row in try await api.pool.query("SELECT row_to_json(t)::text FROM \"\(table)\" AS t") {
        text += try row.decode(0, as: String.self) + "\n"
      }
    }
    // Bytes stand in hexadecimal digits.
    for (table, column) in [("outbox", "value"), ("idempotency_keys", "body")] {
      for row in try await api.pool.query(
        "SELECT convert_from(\(column), 'UTF8') FROM \(table) WHERE \(column) IS NOT NULL")
      {
        text += try row.decode(0, as: String.self) + "\n"
      }
    }
    return text
  }

  @Test func nothingPersonalIsLeftAnywhere() async throws {
    try await withDeal { api, id, _ in
      let before = try await everything(api)
      for secret in Self.secrets + Self.names { #expect(before.contains(secret), "\(secret)") }
      let answer = try await erase(api, id)
      #expect(answer.status == 200, "\(answer.body)")
      let after = try await everything(api)
      for secret in Self.secrets { #expect(!after.contains(secret), "\(secret)") }
      for name in Self.names { #expect(after.contains(name), "\(name)") }
    }
  }

  @Test func whereItStoodSinceWhenAndForHowMuchStays() async throws {
    try await withDeal { api, id, _ in
      let path = "/v1/opportunities/\(id)"
      let before = try await api.get(path)
      let told = try await api.get("\(path)/history")["items"].items
      let answer = try await erase(api, id)
      #expect(answer["sequence"] == 6 && answer.etag == "\"6\"")
      for member in ["stage", "status", "amount", "enteredStageAt", "owner", "team", "name"] {
        #expect(answer[member] == before[member], "\(member)")
      }
      #expect(answer["fields"] == ["size": "large"] && answer["nextStep"] == .null)
      #expect(answer["feedback"]["initial-contact"]["score"] == 4)
      #expect(answer["feedback"]["initial-contact"]["text"] == "[erased]")
      #expect(answer["evidence"]["document"]["link"] == ["url": "[erased]"])
      #expect(try await api.get(path).body == answer.body)

      let items = try await api.get("\(path)/history")["items"].items
      #expect(items.count == 6)
      for (now, then) in zip(items, told) {
        for member in ["eventId", "type", "sequence", "occurredAt", "actor", "from", "to"] {
          #expect(now[member] == then[member])
        }
        #expect(
          now["changes"].items.map { $0["field"] } == then["changes"].items.map { $0["field"] })
      }
      #expect(
        items[2]["activity"]["kind"] == "document" && items[2]["activity"]["summary"] == .null)
      let last = try #require(items.last)
      #expect(last["type"] == "sluice.personal-data-erased.v1" && last["reason"] == "asked for")
      #expect(last["erased"] == ["fields": ["contactEmail", "decider", "people"], "names": false])
      #expect(
        last["changes"].items.map { $0["field"] } == [
          "nextStep", "fields.contactEmail", "fields.decider", "fields.people",
        ])
      #expect(last["changes"].items.allSatisfy { $0["new"] == .null })
      // The feed has the same events in the same order.
      let feed = try await api.get("/v1/events?limit=100")["items"].items
      #expect(
        feed.filter { $0["data"]["opportunityId"].text == id }.map { $0["eventId"] }
          == items.map { $0["eventId"] })
    }
  }

  @Test func onceMoreChangesNothingAndARepeatedRequestNeither() async throws {
    try await withDeal { api, id, _ in
      let first = try await erase(api, id)
      let outbox = try await api.outboxCount(of: .stageChanges)
      let again = try await erase(api, id)
      #expect(again.status == 200 && again.body == first.body)
      #expect(try await api.outboxCount(of: .stageChanges) == outbox)
      // The answers of earlier requests are forgotten, but not that there were some.
      let repeated = try await api.send(
        .post, "/v1/opportunities/\(id)/feedback", ["score": 4, "text": "very good"],
        headers: [.idempotencyKey: "step-2"])
      #expect(repeated.status == 200 && repeated.body == ["erased": true, "id": .string(id)])
      let moved = try await api.send(
        .post, "/v1/opportunities/\(id)/moves", ["to": "needs-analysis"],
        headers: [.idempotencyKey: "step-3"])
      #expect(moved.status == 200 && moved["to"] == "needs-analysis")
      #expect(try await api.get("/v1/opportunities/\(id)")["sequence"] == 6)
      // What is said afterwards is kept until it is erased in its turn.
      _ = try await api.send(.post, "/v1/opportunities/\(id)/feedback", ["text": "very good"])
      #expect(try await everything(api).contains("very good"))
      #expect(try await erase(api, id)["sequence"] == 8)
      #expect(try await !everything(api).contains("very good"))
    }
  }

  @Test func namesGoWhereTheyAreAskedFor() async throws {
    try await withDeal { api, id, other in
      let answer = try await erase(api, id, ["reason": "asked for", "names": true])
      #expect(answer["name"] == "[erased]" && answer["account"] == ["name": "[erased]"])
      #expect(try await api.get("/v1/opportunities?q=kitchen")["items"].items.isEmpty)
      #expect(try await !everything(api).contains("Kitchen of Zhou"))
      // Another deal of the account goes on knowing its name.
      let accounts = try await api.get("/v1/accounts")["items"].items
      #expect(Set(accounts.map { $0["name"] }) == ["Zhou Ting household", "[erased]"])
      _ = try await erase(api, other, ["reason": "asked for", "names": true])
      #expect(try await !everything(api).contains("Zhou Ting household"))
      #expect(try await api.get("/v1/accounts")["items"].items.map { $0["deals"] } == [2])
    }
  }

  /// A duplicate is part of the deal that stays.
  @Test func theDuplicatesOfADealGoWithIt() async throws {
    try await withDeal { api, id, other in
      let merged = try await api.send(
        .post, "/v1/opportunities/\(id)/merge", ["into": .string(other)])
      try #require(merged.status == 200, "\(merged.body)")
      let refused = try await erase(api, id)
      #expect(refused.status == 422 && refused.codes == ["opportunity-merged"])
      #expect(try await erase(api, other, ["reason": "asked for", "names": true]).status == 200)
      let after = try await everything(api)
      for secret in Self.secrets + Self.names { #expect(!after.contains(secret), "\(secret)") }
      let duplicate = try await api.get("/v1/opportunities/\(id)")
      #expect(duplicate["status"] == "merged" && duplicate["name"] == "[erased]")
    }
  }

  @Test func onlyAnAdministratorMay() async throws {
    try await withDeal { api, id, _ in
      for role in [Role.rep, .manager, .viewer, .publisher] {
        let refused = try await erase(api, id, ["reason": "asked for"], as: role)
        #expect(refused.status == 403, "\(role)")
      }
      let nowhere = try await erase(api, EntityID.make(at: .now()).description)
      #expect(nowhere.status == 404)
      let silent = try await erase(api, id, [:])
      #expect(silent.status == 400)
      let blank = try await erase(api, id, ["reason": " "])
      #expect(blank.codes == ["required"])
      let deal = try await api.get("/v1/opportunities/\(id)")
      #expect(deal["sequence"] == 5)
    }
  }
}
