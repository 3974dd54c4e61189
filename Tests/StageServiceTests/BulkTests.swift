import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import Testing

@testable import StageService

/// Many deals in one request.
@Suite struct BulkTests {
  private static let path = "/v1/opportunities:bulk"

  private func deals(_ count: Int, _ api: API) async throws -> [JSONValue] {
    try await api.publishPlain()
    var ids: [JSONValue] = []
    for _ in 0..<count { ids.append(.string(try await api.create())) }
    return ids
  }

  @Test func eachDealHasOneResultAndOneEvent() async throws {
    try await withAPI { api in
      let ids = try await deals(3, api)
      let missing = JSONValue.string(Fixture.dealID.description)
      let answer = try await api.send(
        .post, Self.path,
        ["operation": "assign", "ids": .array(ids + [missing]), "owner": "wang.wu", "reason": "r"])
      #expect(answer.status == 200, "\(answer.body)")
      #expect(answer["next"] == .null)
      let results = answer["items"].items
      #expect(results.map { $0["id"] } == ids + [missing])
      #expect(
        results.map { $0["outcome"] } == ["accepted", "accepted", "accepted", "refused"])
      #expect(results.map { $0["sequence"] } == [2, 2, 2, .null])
      #expect(results[3]["errors"].items.first?["code"] == "not-found")
      #expect(try await api.outboxCount(of: .stageChanges) == 6)
      for (id, result) in zip(ids, results) {
        let path = "/v1/opportunities/\(id.text ?? "")"
        #expect(try await api.get(path)["owner"] == "wang.wu")
        let last = try await api.get("\(path)/history")["items"].items.last
        #expect(last?["eventId"] == result["eventId"] && last?["actor"] == "li.na")
      }
    }
  }

  @Test func whatIsRefusedOfOneLeavesTheOthers() async throws {
    try await withAPI { api in
      let ids = try await deals(2, api)
      let items: JSONValue = [
        ["id": ids[0], "to": "lost"], ["id": ids[0], "to": "lost", "reason": "price"],
        ["id": ids[1], "expectedSequence": 7, "to": "lost", "reason": "price"],
        ["id": ids[1], "to": "lost", "reason": "price"],
      ]
      let answer = try await api.send(
        .post, Self.path, ["operation": "move", "items": items])
      #expect(
        answer["items"].items.map { $0["errors"].items.first?["code"].text }
          == ["reason-required", nil, "sequence-mismatch", nil])
      #expect(try await api.outboxCount(of: .stageChanges) == 4)
    }
  }

  @Test func aPatchChangesFields() async throws {
    try await withAPI { api in
      let ids = try await deals(2, api)
      let answer = try await api.send(
        .post, Self.path,
        ["operation": "patch", "ids": .array(ids), "fields": ["region": "north"], "name": "N"])
      #expect(answer["items"].items.allSatisfy { $0["outcome"] == "accepted" })
      for id in ids {
        let deal = try await api.get("/v1/opportunities/\(id.text ?? "")")
        #expect(deal["fields"]["region"] == "north" && deal["name"] == "N")
      }
    }
  }

  @Test func aKeyRepeatsTheAnswerAndGoesOnWhereItBrokeOff() async throws {
    try await withAPI { api in
      let ids = try await deals(1, api)
      // More than one transaction, of the same deal.
      let many = Array(repeating: ids[0], count: BulkRoutes.dealsPerTransaction + 1)
      let body: JSONValue = ["operation": "assign", "ids": .array(many), "owner": "wang.wu"]
      let key: [HTTPField.Name: String] = [.idempotencyKey: "k"]
      let first = try await api.send(.post, Self.path, body, headers: key)
      #expect(first.status == 200)
      let events = Int64(many.count + 1)
      #expect(first["items"].items.last?["sequence"] == .integer(events))
      #expect(try await api.send(.post, Self.path, body, headers: key).body == first.body)
      // As if the process had died before the second part.
      try await api.pool.execute(
        "DELETE FROM idempotency_keys WHERE key = 'k' OR key LIKE '%250'")
      let again = try await api.send(.post, Self.path, body, headers: key)
      #expect(again.status == 200)
      #expect(again["items"].items.prefix(250) == first["items"].items.prefix(250))
      #expect(again["items"].items.last?["sequence"] == .integer(events + 1))
      let other: JSONValue = ["operation": "assign", "ids": .array(ids), "owner": "li.na"]
      let reused = try await api.send(.post, Self.path, other, headers: key)
      #expect(reused.status == 422 && reused["code"] == "idempotency-key-reused")
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func tenThousandAtOnce() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      let count = BulkRequest.maximumItems
      try await api.pool.execute(
        """
        INSERT INTO opportunities
          (id, epoch, sequence, pipeline, pipeline_version, stage, category, name, account, fields,
           entered_stage_at, entry_unknown, created_at, updated_at)
        SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 1, 'general', 1,
          'initial-contact', 'open', 'n' || n, '{"name": "a"}', '{}', now(), false, now(), now()
        FROM generate_series(1, $1::int) AS n
        """, Int32(count))
      let ids = (1...count).map { number -> JSONValue in
        let digits = String(number)
        return .string(
          "00000000-0000-7000-8000-" + String(repeating: "0", count: 12 - digits.count) + digits)
      }
      let answer = try await api.send(
        .post, Self.path,
        ["operation": "move", "ids": .array(ids), "to": "needs-analysis", "reason": "all"])
      #expect(answer.status == 200)
      #expect(answer["items"].items.map { $0["id"] } == ids)
      #expect(answer["items"].items.allSatisfy { $0["sequence"] == 2 })
      #expect(try await api.outboxCount(of: .stageChanges) == count)
    }
  }

  @Test func badRequestsSayWhatWouldBeRight() async throws {
    try await withAPI { api in
      let id = JSONValue.string(Fixture.dealID.description)
      let bad: [JSONValue] = [
        ["operation": "delete", "ids": [id]], ["ids": [id]], ["operation": "assign"],
        ["operation": "assign", "ids": [id], "items": []], ["operation": "move", "ids": [id]],
        ["operation": "assign", "ids": ["x"], "owner": "a"],
        ["operation": "move", "items": [["to": "won"]]],
      ]
      for body in bad {
        let answer = try await api.send(.post, Self.path, body)
        #expect(answer.status == 400, "\(body)")
      }
      let many = JSONValue.array(Array(repeating: id, count: BulkRequest.maximumItems + 1))
      let tooMany = try await api.send(
        .post, Self.path, ["operation": "assign", "ids": many, "owner": "a"])
      #expect(tooMany.status == 422 && tooMany.codes == ["too-many-items"])
      let none = try await api.send(
        .post, Self.path, ["operation": "assign", "ids": [], "owner": "a"])
      #expect(none.status == 200 && none["items"].items.isEmpty)
      #expect(
        try await api.send(
          .post, Self.path, ["operation": "assign", "ids": [id], "owner": "a"], as: .viewer
        ).status == 403)
    }
  }
}
