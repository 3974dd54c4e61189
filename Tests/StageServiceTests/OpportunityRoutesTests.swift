import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import StageService

@Suite struct OpportunityRoutesTests {
  @Test func aDealGoesFromCreationToWonAndItsHistoryTellsIt() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let created = try await api.send(.post, "/v1/opportunities", API.deal())
      #expect(created.status == 201)
      #expect(created.etag == "\"1\"")
      #expect(created["stage"] == "initial-contact")
      #expect(created["status"] == "open")
      let path = "/v1/opportunities/\(try #require(created["id"].text))"
      #expect(created.headers[.location] == path)

      let fields: JSONValue = ["customerNeeds": "n", "budget": 5, "decisionMaker": "d"]
      for (to, fields) in [
        ("needs-analysis", [:]), ("proposal", fields), ("negotiation", [:]), ("contract", [:]),
      ] as [(JSONValue, JSONValue)] {
        let moved = try await api.send(.post, "\(path)/moves", ["to": to, "fields": fields])
        #expect(moved.status == 200, "\(moved.body)")
        #expect(moved["to"] == to)
      }
      let won = try await api.send(.post, "\(path)/win", ["fields": ["contractSigned": true]])
      #expect(won.status == 200)
      #expect(won["sequence"] == 6)

      let read = try await api.get(path)
      #expect(read["status"] == "won")
      #expect(read.etag == "\"6\"")
      let history = try await api.get("\(path)/history")
      #expect(history["items"].items.map { $0["sequence"] } == [1, 2, 3, 4, 5, 6])
      #expect(history["next"] == .null)
      #expect(history["items"].items[2]["changes"].items.count == 3)
      #expect(try await api.outboxCount(of: .stageChanges) == 6)

      let firstPage = try await api.get("\(path)/history?limit=4")
      let next = try #require(firstPage["next"].text)
      let rest = try await api.get("\(path)/history?cursor=\(next)")
      #expect(rest["items"].items.map { $0["sequence"] } == [5, 6])
    }
  }

  @Test func theGateRefusesWithAllReasonsAndNothingIsWritten() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create(["amount": .null]))"
      #expect(try await api.send(.post, "\(path)/moves", ["to": "needs-analysis"]).status == 200)
      let refused = try await api.send(.post, "\(path)/moves", ["to": "negotiation"])
      #expect(refused.status == 422)
      #expect(refused["code"] == "gate-refused")
      #expect(
        refused.codes == [
          "transition-not-allowed", "field-required", "field-required", "field-required",
          "entry-criterion-unmet",
        ])
      #expect(refused["errors"].items.allSatisfy { $0["message"]["zh"].text?.isEmpty == false })
      #expect(try await api.get(path)["sequence"] == 2)

      let possible = try await api.get("\(path)/moves")
      let open = possible["items"].items.filter { $0["open"] == true }.map { $0["to"] }
      #expect(open == ["initial-contact", "lost"])
    }
  }

  @Test func losingNeedsAReasonAndReopeningGoesBack() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create())"
      #expect(try await api.send(.post, "\(path)/lose").codes == ["reason-required"])
      let lost = try await api.send(.post, "\(path)/lose", ["reason": "价格"])
      #expect(lost["to"] == "lost")
      #expect(
        try await api.send(.post, "\(path)/moves", ["to": "proposal"]).codes
          == ["opportunity-closed"])
      let reopened = try await api.send(.post, "\(path)/reopen")
      #expect(reopened["to"] == "initial-contact")
    }
  }

  @Test func aStaleIfMatchIsRefusedWithTheCurrentState() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create())"
      let patched = try await api.send(
        .patch, path, ["name": "ERP 三期"], headers: [.ifMatch: "\"1\""])
      #expect(patched.status == 200)
      #expect(patched["name"] == "ERP 三期")
      let stale = try await api.send(
        .post, "\(path)/moves", ["to": "needs-analysis"], headers: [.ifMatch: "\"1\""])
      #expect(stale.status == 412)
      #expect(stale.etag == "\"2\"")
      #expect(stale["current"]["sequence"] == 2)
      let garbled = try await api.send(.patch, path, [:], headers: [.ifMatch: "one"])
      #expect(garbled.status == 400)
      #expect(garbled["errors"].items.first?["field"] == "If-Match")
    }
  }

  @Test func anIdempotencyKeyRepeatsTheAnswerAndRefusesAnotherBody() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let key: [HTTPField.Name: String] = [.idempotencyKey: "k-1"]
      let first = try await api.send(.post, "/v1/opportunities", API.deal(), headers: key)
      let second = try await api.send(.post, "/v1/opportunities", API.deal(), headers: key)
      #expect(second.status == 201)
      #expect(second.body == first.body)
      #expect(second.etag == first.etag)
      #expect(second.headers[.location] == first.headers[.location])
      #expect(try await api.outboxCount(of: .stageChanges) == 1)
      let other = try await api.send(
        .post, "/v1/opportunities", API.deal(["name": "other"]), headers: key)
      #expect(other.status == 422)
      #expect(other["code"] == "idempotency-key-reused")
      let long = try await api.send(
        .post, "/v1/opportunities", API.deal(),
        headers: [.idempotencyKey: String(repeating: "k", count: 201)])
      #expect(long.status == 400)
    }
  }

  @Test func aRefusalIsKeptUnderItsKeyToo() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create())"
      func move(_ key: String?, ifMatch: String? = nil) async throws -> API.Answer {
        var headers: [HTTPField.Name: String] = [:]
        headers[.idempotencyKey] = key
        headers[.ifMatch] = ifMatch
        return try await api.send(.post, path + "/moves", ["to": "proposal"], headers: headers)
      }
      let refused = try await move("k-1")
      #expect(refused.status == 422)
      let stale = try await move("k-2", ifMatch: "\"7\"")
      #expect(stale.status == 412)
      let fields: JSONValue = ["customerNeeds": "x", "budget": 1, "decisionMaker": "y"]
      #expect(
        try await api.send(.post, path + "/moves", ["to": "needs-analysis", "fields": fields])
          .status == 200)
      // A copy that was under way all the time meets a deal that could move by now.
      let again = try await move("k-1")
      #expect(again.status == 422)
      #expect(again.body == refused.body)
      #expect(again.headers[.contentType] == "application/problem+json")
      let staleAgain = try await move("k-2", ifMatch: "\"7\"")
      #expect(staleAgain.status == 412)
      #expect(staleAgain.etag == stale.etag)
      #expect(try await move("k-3").status == 200)
    }
  }

  @Test func aPipelineThatWasUnknownStaysSoForItsKey() async throws {
    try await withAPI { api in
      func create(_ key: String) async throws -> API.Answer {
        try await api.send(
          .post, "/v1/opportunities", API.deal(), headers: [.idempotencyKey: key])
      }
      let refused = try await create("k-1")
      #expect(refused.status == 422 && refused.codes == ["unknown-pipeline"])
      try await api.publishGeneral()
      let again = try await create("k-1")
      #expect(again.status == 422 && again.body == refused.body)
      #expect(try await create("k-2").status == 201)
    }
  }

  @Test func aMoveMaySayFromWhere() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create())"
      let body: JSONValue = ["to": "lost", "reason": "r", "from": "needs-analysis"]
      let refused = try await api.send(.post, path + "/moves", body)
      #expect(refused.status == 422 && refused.codes == ["not-in-stage"])
      let here: JSONValue = ["to": "lost", "reason": "r", "from": "initial-contact"]
      #expect(try await api.send(.post, path + "/moves", here).status == 200)
    }
  }

  @Test func theSameKeySentAtOnceHasOneEffect() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let ids = try await withThrowingTaskGroup(of: JSONValue.self) { group in
        for _ in 0..<8 {
          group.addTask {
            try await api.send(
              .post, "/v1/opportunities", API.deal(), headers: [.idempotencyKey: "same"])["id"]
          }
        }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(ids.count == 1)
      #expect(try await api.outboxCount(of: .stageChanges) == 1)
    }
  }

  @Test func concurrentPatchesLoseNoUpdateAndSkipNoSequence() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create())"
      let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<12 {
          group.addTask {
            try await api.send(.patch, path, ["fields": ["f\(number)": 1]]).status
          }
        }
        return try await group.reduce(into: 0) { $0 += $1 == 200 ? 1 : 0 }
      }
      let deal = try await api.get(path)
      #expect(accepted > 0)
      #expect(deal["sequence"] == .integer(Int64(1 + accepted)))
      let history = try await api.get("\(path)/history")
      #expect(history["items"].items.count == 1 + accepted)
    }
  }

  @Test func badInputSaysWhatWhereAndWhatWouldBeRight() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create())"
      let malformed = try await api.send(.post, "/v1/opportunities", bytes: Array("{\"a\":".utf8))
      #expect(malformed.status == 400)
      #expect(malformed["code"] == "invalid-json")
      let notText = try await api.send(.post, "/v1/opportunities", bytes: [0x7B, 0xFF, 0x7D])
      #expect(notText.status == 400)
      let missing = try await api.send(.post, "/v1/opportunities", ["name": "x"])
      #expect(missing.status == 400)
      let unknownStage = try await api.send(.post, "\(path)/moves", ["to": "nowhere"])
      #expect(unknownStage.status == 422)
      #expect(unknownStage.codes == ["unknown-stage"])
      let unknownPipeline = try await api.send(
        .post, "/v1/opportunities", API.deal(["pipeline": "nope"]))
      #expect(unknownPipeline.codes == ["unknown-pipeline"])
      let null = try await api.send(.patch, path, ["fields": ["note": "a\u{0}b"]])
      #expect(null.codes == ["invalid-text"])
      let currency = try await api.send(
        .patch, path, ["amount": ["minor": 1, "currency": "yuan"]])
      #expect(currency.status == 400)
      for unknown in ["/v1/opportunities/\(Fixture.dealID)", "/v1/opportunities/none"] {
        #expect(try await api.get(unknown).status == 404)
        #expect(try await api.get("\(unknown)/history").status == 404)
        #expect(try await api.send(.post, "\(unknown)/win").status == 404)
      }
      let query = try await api.get("/v1/opportunities?limit=0&status=odd&cursor=x&colour=red")
      #expect(query.status == 400)
      #expect(query["errors"].items.count == 4)
      #expect(try await api.get("/v1/opportunities?q=%00").status == 400)
    }
  }

  @Test func onlyThoseWhoMayDo() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      #expect(try await api.send(.post, "/v1/opportunities", API.deal(), as: .viewer).status == 403)
      #expect(try await api.send(.get, "/v1/opportunities", as: .publisher).status == 403)
      #expect(
        try await api.send(
          .post, "/v1/pipelines", ["key": "x", "template": "general"], as: .manager
        ).status == 403)
      #expect(try await api.send(.get, "/v1/opportunities", token: "").status == 401)
      let expired = try await api.send(
        .get, "/v1/opportunities", token: try api.token(expiresIn: .seconds(-120)))
      #expect(expired.status == 401)
      #expect(expired.headers[.wwwAuthenticate]?.contains("expired") == true)
      let unsigned = try api.token().split(separator: ".").prefix(2).joined(separator: ".") + "."
      #expect(try await api.send(.get, "/v1/opportunities", token: unsigned).status == 401)
    }
  }

  @Test func anExternalIDNamesOneDeal() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      _ = try await api.create(["externalId": "crm-7"])
      let second = try await api.send(
        .post, "/v1/opportunities", API.deal(["externalId": "crm-7"]))
      #expect(second.status == 409)
      #expect(second["code"] == "external-id-taken")
    }
  }

  @Test func listsFilterAndTurnPages() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      for number in 1...5 {
        _ = try await api.create([
          "name": .string("Deal \(number)"), "owner": number % 2 == 0 ? "even" : "odd",
        ])
      }
      let page = try await api.get("/v1/opportunities?limit=3")
      #expect(page["items"].items.count == 3)
      let rest = try await api.get("/v1/opportunities?cursor=\(page["next"].text ?? "")")
      #expect(rest["items"].items.count == 2)
      #expect(rest["next"] == .null)
      #expect(try await api.get("/v1/opportunities?owner=even")["items"].items.count == 2)
      #expect(try await api.get("/v1/opportunities?q=deal%205")["items"].items.count == 1)
      #expect(try await api.get("/v1/opportunities?q=%E5%8D%8E%E4%B8%9C")["items"].items.count == 5)
      #expect(try await api.get("/v1/opportunities?status=won")["items"].items.isEmpty)
    }
  }

  @Test func asOfShowsTheDealAsItWas() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let path = "/v1/opportunities/\(try await api.create())"
      let created = try await api.get(path)
      let moved = try await api.send(.post, "\(path)/moves", ["to": "needs-analysis"])
      #expect(moved.status == 200)
      let then = try #require(created["createdAt"].text)
      #expect(try await api.get("\(path)?asOf=\(then)")["stage"] == "initial-contact")
      #expect(try await api.get("\(path)?asOf=2001-01-01T00:00:00Z").status == 404)
    }
  }

  @Test func theFeedHasEveryEventOnce() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      for _ in 0..<7 { _ = try await api.create() }
      var seen: [JSONValue] = []
      var after = ""
      // Any transaction under way on the server holds the feed back: what it may still write could
      // belong before what is committed already.
      try await eventually("the feed has come to its end") {
        let items = try await api.get("/v1/events?limit=3\(after)")["items"].items
        seen += items.map { $0["eventId"] }
        after = items.last?["cursor"].text.map { "&after=\($0)" } ?? after
        return seen.count >= 7
      }
      #expect(Set(seen).count == 7)
      #expect(seen.count == 7)
      #expect(try await api.get("/v1/events?limit=3\(after)")["next"] == .null)
      #expect(try await api.get("/v1/events?after=odd").status == 400)
    }
  }
}

@Suite struct PipelineRoutesTests {
  @Test func publishingIsRepeatableAndNeverOverwrites() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let again = try await api.send(
        .post, "/v1/pipelines", ["key": "general", "template": "general"], as: .admin)
      #expect(again.status == 200)
      #expect(again["version"] == 1)
      let other: JSONValue = [
        "name": ["zh": "短", "en": "short"],
        "stages": [["key": "a", "name": ["zh": "甲", "en": "A"], "category": "open"]],
      ]
      let conflict = try await api.send(
        .post, "/v1/pipelines", ["key": "general", "definition": other], as: .admin)
      #expect(conflict.status == 409)
      #expect(try await api.outboxCount(of: .pipelines) == 1)
      let own = try await api.send(
        .post, "/v1/pipelines", ["key": "short", "definition": other], as: .admin)
      #expect(own.status == 201)
      let list = try await api.get("/v1/pipelines")
      #expect(list["items"].items.map { $0["key"] } == ["general", "short"])
      #expect(try await api.get("/v1/pipelines/short")["name"]["zh"] == "短")
      #expect(try await api.get("/v1/pipelines/short?version=2").status == 404)
      #expect(try await api.get("/v1/pipelines/none").status == 404)
      #expect(try await api.get("/v1/templates")["items"].items.count == Templates.all.count)
    }
  }

  @Test func aBadPublicationIsRefusedWithEverythingThatIsWrong() async throws {
    try await withAPI { api in
      let neither = try await api.send(.post, "/v1/pipelines", ["key": "Bad Key"], as: .admin)
      #expect(neither.status == 422)
      #expect(neither.codes == ["invalid-key", "required"])
      let unknown = try await api.send(
        .post, "/v1/pipelines", ["key": "x", "template": "nope"], as: .admin)
      #expect(unknown.codes == ["unknown-template"])
    }
  }
}
