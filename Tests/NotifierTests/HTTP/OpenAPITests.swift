import Contracts
import Foundation
import HTTPTypes
import Testing
import Yams

@testable import Notifier

/// The document beside the routes against what they take and answer.
@Suite struct OpenAPITests {
  private static let document: JSONValue = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Services/Notifier/HTTP/openapi.yaml")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return (try? YAMLDecoder().decode(JSONValue.self, from: text)) ?? .null
  }()

  private static var components: JSONValue { document["components"] }

  private static func example(_ name: String) throws -> JSONValue {
    let example = components["examples"][name]["value"]
    try #require(example != .null, "no example \(name)")
    return example
  }

  /// Every member is described, and every required one is there.
  private func expect(_ value: JSONValue, fits schema: String) {
    let described = Self.components["schemas"][schema]
    let required = Set(described["required"].items.compactMap(\.text))
    #expect(value.keys.isSubset(of: described["properties"].keys), "\(schema)")
    #expect(value.keys.isSuperset(of: required), "\(schema)")
  }

  @Test func everyPathIsServedAndEveryMethodAsksForAToken() async throws {
    try await withAPI { api in
      var count = 0
      for path in Self.document["paths"].keys {
        let uri = path.replacing("{id}", with: Story(1).id.description)
        for method in Self.document["paths"][path].keys where method != "parameters" {
          let name = try #require(HTTPRequest.Method(method.uppercased()))
          let answer = try await api.send(name, uri, as: nil)
          #expect(answer.status == 401, "\(method) \(path)")
          count += 1
        }
      }
      #expect(count == 11)
    }
  }

  @Test func theExamplesOfRequestsAreTaken() async throws {
    try await withAPI { api in
      func text(_ name: String) throws -> String {
        String(decoding: try JSONCoding.encode(try Self.example(name)), as: UTF8.self)
      }
      let made = try await api.send(.post, "/v1/subscriptions", try text("NewSubscription"))
      #expect(made.status == 201)
      let id = try #require(made["id"].text)
      let patched = try await api.send(
        .patch, "/v1/subscriptions/\(id)", try text("SubscriptionPatch"))
      #expect(patched.status == 200)
    }
  }

  @Test func theExamplesOfAnswersAreLikeTheAnswers() async throws {
    try await withAPI { api in
      let made = try await api.send(
        .post, "/v1/subscriptions",
        #"{"url":"https://example.com/","description":"x","filter":{"team":"east"}}"#)
      var whole = made.body
      if case .object(var members) = whole {
        members["secret"] = nil
        whole = .object(members)
      }
      expect(whole, fits: "Subscription")
      expect(try Self.example("Subscription"), fits: "Subscription")
      #expect(made.body.keys.isSuperset(of: try Self.example("SubscriptionWithSecret").keys))

      var story = Story()
      try await api.pool.read([story.create()])
      let queue = DeliveryQueue(pool: api.pool, limits: SendingLimits())
      let claimed = try #require(try await queue.claim(busy: [:], now: api.clock.now).first)
      _ = try await queue.record(
        Attempt(at: api.clock.now, milliseconds: 1, outcome: .failed("nobody there")),
        .retry(at: api.clock.now, quietUntil: nil), of: claimed, now: api.clock.now)
      let delivery = try await api.get("/v1/deliveries/\(claimed.id)")
      expect(delivery.body, fits: "Delivery")
      expect(delivery["attempts"].items[0], fits: "Attempt")
      let example = try Self.example("Delivery")
      expect(example, fits: "Delivery")
      for attempt in example["attempts"].items { expect(attempt, fits: "Attempt") }

      let retry = try await api.send(.post, "/v1/deliveries/\(claimed.id)/retry")
      #expect(retry.body.keys == (try Self.example("Accepted").keys))
      let followUp = try await api.get("/v1/follow-ups")["items"].items[0]
      expect(followUp, fits: "FollowUp")
      let problem = try await api.send(.post, "/v1/subscriptions", #"{"url":"http://127.0.0.1/"}"#)
      expect(problem.body, fits: "Problem")
      expect(problem["errors"].items[0], fits: "ProblemError")
    }
  }

  @Test func theWebhookIsLikeItsExample() throws {
    let example = try Self.example("Event")
    expect(example, fits: "Event")
    let data = try JSONCoding.decode(
      NoticeData.self, from: try JSONCoding.encode(example["data"]))
    var story = Story()
    let followUp = FollowUp(first: story.create(), partition: 0)
    let due = try #require(followUp.dueAt)
    let notice = Notice.missedFollowUp(followUp, dueAt: due, now: due)
    let body = try JSONCoding.decode(
      JSONValue.self,
      from: try OutgoingEvent(
        notice, source: NotifierSource.name, data: try notice.messageData()
      ).body())
    #expect(body.keys == example.keys && body["data"].keys == example["data"].keys)
    #expect(body["source"] == example["source"] && body["type"] == example["type"])
    #expect(data.dueAt != nil)
  }

  @Test func theTypesAreAllThatThereAre() {
    let types = Self.components["schemas"]["EventType"]["enum"].items.compactMap(\.text)
    #expect(types == KnownTypes.all)
    let statuses = Self.components["schemas"]["DeliveryStatus"]["enum"].items.compactMap(\.text)
    #expect(statuses == DeliveryRecord.Status.allCases.map(\.rawValue))
  }
}
