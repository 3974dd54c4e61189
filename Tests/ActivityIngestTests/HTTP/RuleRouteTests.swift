import Contracts
import HTTPTypes
import ServiceKit
import Testing

@testable import ActivityIngest

@Suite struct RuleRouteTests {
  private static let rule: JSONValue = [
    "key": "order-placed", "name": ["zh": "已下单", "en": "Order placed"],
    "intent": "order-placed", "keywords": ["下单了", "order placed"], "mode": "auto",
    "transitions": [["from": ["contract"], "to": "win", "fields": ["ordered": true]]],
  ]

  @Test func theReadyMadeRulesAreThere() async throws {
    try await withAPI { api in
      let answer = try await api.get("/v1/rules")
      #expect(answer.status == 200)
      #expect(answer["next"] == .null)
      let readyMade = answer["items"].items.filter { $0["readyMade"] == true }
      #expect(
        readyMade.compactMap { $0["key"].text }
          == ["contract-signed", "quote-confirmed", "solution-confirmed"])
      let one = try await api.get("/v1/rules/quote-confirmed", as: .rep)
      #expect(one["mode"] == "auto")
      #expect(one["directions"] == ["inbound"])
      #expect(try await api.get("/v1/rules/nothing").status == 404)
      #expect(try await api.post("/v1/rules/nothing/dry-run", ["texts": []]).status == 404)
    }
  }

  @Test func theSentenceThatMovesADeal() async throws {
    try await withAPI { api in
      let answer = try await api.post(
        "/v1/rules:try",
        ["text": "报价我们确认了，按这个走", "channel": "email", "direction": "inbound"])
      #expect(answer.status == 200)
      #expect(
        answer["matches"].items == [
          [
            "rule": "quote-confirmed", "intent": "quote-confirmed", "in": "text",
            "span": ["start": 0, "end": 7], "words": "报价我们确认了", "confidence": 0.95, "mode": "auto",
          ]
        ])
      let subject = try await api.post(
        "/v1/rules:try", ["text": "如题", "channel": "email", "subject": "合同签好了"])
      #expect(subject["matches"].items.first?["in"] == "subject")
      let question = try await api.post("/v1/rules:try", ["text": "报价确认了吗？"], as: .viewer)
      #expect(question["matches"].items.isEmpty)
    }
  }

  @Test func aRuleIsWrittenAndReplaced() async throws {
    try await withAPI { api in
      let text: JSONValue = ["text": "我们下单了"]
      #expect(try await api.post("/v1/rules:try", text)["matches"].items.isEmpty)
      let new = try await api.post("/v1/rules", Self.rule, as: .manager)
      #expect(new.status == 201)
      #expect(new.headers[.location] == "/v1/rules/order-placed")
      #expect(new["readyMade"] == false)
      #expect(new["confidence"] == 0.9)
      #expect(try await api.post("/v1/rules:try", text)["matches"].items.count == 1)
      guard case .object(var members) = Self.rule else { return }
      members["enabled"] = false
      let replaced = try await api.post("/v1/rules", .object(members), as: .admin)
      #expect(replaced.status == 200)
      #expect(replaced.headers[.location] == nil)
      #expect(try await api.get("/v1/rules/order-placed")["enabled"] == false)
      #expect(try await api.post("/v1/rules:try", text)["matches"].items.isEmpty)
      let dry = try await api.post(
        "/v1/rules/order-placed/dry-run",
        [
          "texts": [
            text, ["text": "还没下单"], ["text": "", "subject": "Order placed", "kind": "email"],
          ]
        ])
      #expect(dry.status == 200)
      #expect(dry["rule"] == "order-placed")
      #expect(dry["items"].items.map { $0["matches"].items.count } == [1, 0, 1])
    }
  }

  @Test func aReadyMadeRuleCanBeReplaced() async throws {
    try await withAPI { api in
      guard case .object(var members) = Self.rule else { return }
      members["key"] = "quote-confirmed"
      let answer = try await api.post("/v1/rules", .object(members), as: .admin)
      #expect(answer.status == 200)
      #expect(answer["readyMade"] == false)
      let tried = try await api.post("/v1/rules:try", ["text": "报价确认了"])
      #expect(tried["matches"].items.isEmpty)
      #expect(try await api.get("/v1/rules/quote-confirmed")["intent"] == "order-placed")
    }
  }

  @Test func whatIsWrongIsSaid() async throws {
    try await withAPI { api in
      let answer = try await api.post(
        "/v1/rules",
        [
          "key": "Order", "name": ["zh": "", "en": "x"], "intent": "x", "keywords": ["我们"],
          "confidence": 2,
        ], as: .admin)
      #expect(answer.status == 422)
      #expect(answer["code"] == "invalid-rule")
      #expect(answer.pointers == ["/key", "/name/zh", "/keywords/0", "/confidence"])
      for error in answer["errors"].items {
        #expect(error["message"]["zh"].text?.isEmpty == false)
        #expect(error["message"]["en"].text?.isEmpty == false)
      }
      let unnamed = try await api.post("/v1/rules", ["key": "k"], as: .admin)
      #expect(unnamed.status == 400)
      #expect(unnamed.pointers == ["/name"])
      let mode = try await api.post("/v1/rules:try", ["text": "a", "direction": "sideways"])
      #expect(mode.status == 400)
      #expect(mode.pointers == ["/direction"])
      #expect(try await api.post("/v1/rules:try", [:]).pointers == ["/text"])
      let samples = try await api.post(
        "/v1/rules/quote-confirmed/dry-run", ["texts": [["text": "a"], [:]]])
      #expect(samples.pointers == ["/texts/1/text"])
      #expect(try await api.get("/v1/rules?page=2").status == 400)
    }
  }

  @Test func whoMayDoWhat() async throws {
    try await withAPI { api async throws in
      for role in [Role.rep, .viewer, .publisher] {
        #expect(try await api.post("/v1/rules", Self.rule, as: role).status == 403)
      }
      #expect(try await api.get("/v1/rules", as: .publisher).status == 403)
      #expect(try await api.get("/v1/rules/quote-confirmed", as: .publisher).status == 403)
      #expect(try await api.post("/v1/rules:try", ["text": "a"], as: .publisher).status == 403)
      #expect(
        try await api.post(
          "/v1/rules/quote-confirmed/dry-run", ["texts": []], as: .publisher
        ).status == 403)
      #expect(try await api.get("/v1/rules", as: nil).status == 401)
    }
  }
}
