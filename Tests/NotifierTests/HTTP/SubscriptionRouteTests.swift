import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import Notifier

@Suite struct SubscriptionRouteTests {
  @Test func aSubscriptionIsMadeReadChangedAndDeleted() async throws {
    try await withAPI { api in
      let made = try await api.send(
        .post, "/v1/subscriptions",
        """
        {"url":"https://example.com/hooks","types":["sluice.stage-moved.v1","sluice.stage-moved.v1"],
         "filter":{"team":"east"},"description":"eastern moves"}
        """)
      #expect(made.status == 201)
      let id = try #require(made["id"].text)
      #expect(made.headers[.location] == "/v1/subscriptions/\(id)")
      #expect(made["secret"].text?.hasPrefix("whsec_") == true)
      #expect(made["types"] == .array(["sluice.stage-moved.v1"]))
      #expect(made["filter"] == .object(["team": .array(["east"])]))
      #expect(made["status"] == "active" && made["createdBy"] == "zhao.min")

      let read = try await api.get("/v1/subscriptions/\(id)")
      #expect(read.status == 200 && read["secret"] == .null)
      #expect(read.body.keys == made.body.keys.subtracting(["secret"]))

      api.clock.advance(seconds: 5)
      let patched = try await api.send(
        .patch, "/v1/subscriptions/\(id)",
        #"{"url":"https://other.example.com/","filter":{},"types":[],"description":null}"#)
      #expect(patched.status == 200 && patched["url"] == "https://other.example.com/")
      #expect(patched["types"] == .array([]) && patched["filter"] == .object([:]))
      #expect(patched["description"] == .null)
      #expect(patched["updatedAt"].text == api.clock.now.description)

      let gone = try await api.send(.delete, "/v1/subscriptions/\(id)")
      #expect(gone.status == 204 && gone.body == .null)
      for (method, path) in [("GET", ""), ("DELETE", ""), ("POST", "/rotate-secret")] {
        let answer = try await api.send(
          .init(method)!, "/v1/subscriptions/\(id)\(path)")
        #expect(answer.status == 404)
      }
    }
  }

  @Test func everythingThatIsWrongIsSaidAtOnce() async throws {
    try await withAPI { api in
      let answer = try await api.send(
        .post, "/v1/subscriptions",
        """
        {"url":"ftp://example.com","types":["sluice.stage-moved.v1","nonsense"],
         "filter":{"team":[],"owner":"a\\u0000b"},"description":"a\\u0000"}
        """)
      #expect(answer.status == 422 && answer["code"] == "invalid-subscription")
      #expect(
        answer.refused == [
          "invalid-url /url", "unknown-type /types/1", "invalid-filter /filter/team",
          "invalid-filter /filter/owner", "invalid-description /description",
        ])
      let known = answer["errors"].items[1]["message"]["en"].text ?? ""
      for type in KnownTypes.all { #expect(known.contains(type)) }
      #expect(try await api.pool.count("subscriptions") == 0)
    }
  }

  @Test(arguments: [
    ("https://inside.example.com/", "address-refused"), ("http://127.0.0.1/", "address-refused"),
    ("http://[::1]:80/", "address-refused"), ("http://169.254.169.254/", "address-refused"),
    ("https://nowhere.example.com/", "host-not-found"), ("https://a:b@example.com/", "invalid-url"),
  ])
  func anAddressThatNothingMayBeSentToIsRefused(_ url: String, _ code: String) async throws {
    try await withAPI { api in
      let made = try await api.send(.post, "/v1/subscriptions", #"{"url":"\#(url)"}"#)
      #expect(made.status == 422 && made.refused == ["\(code) /url"])
      let id = try await api.subscribe()
      let changed = try await api.send(
        .patch, "/v1/subscriptions/\(id)", #"{"url":"\#(url)"}"#)
      #expect(changed.status == 422 && changed.refused == ["\(code) /url"])
    }
  }

  @Test(arguments: [
    (#"{}"#, 400), (#"{"url":3}"#, 400),
    (#"{"url":"https://example.com","filter":{"x":"y"}}"#, 400),
    (#"{"url":"https://example.com","types":"all"}"#, 400), ("nonsense", 400), ("", 400),
  ])
  func whatIsNoSubscription(_ body: String, _ status: Int) async throws {
    try await withAPI { api in
      let answer = try await api.send(.post, "/v1/subscriptions", body)
      #expect(answer.status == status)
      #expect(try await api.pool.count("subscriptions") == 0)
    }
  }

  @Test func anotherContentTypeAndAStatusThatIsOursAreRefused() async throws {
    try await withAPI { api in
      let xml = try await api.send(
        .post, "/v1/subscriptions", "<x/>", contentType: "application/xml")
      #expect(xml.status == 415)
      let id = try await api.subscribe()
      for body in [#"{"status":"disabled"}"#, #"{"status":"gone"}"#] {
        let answer = try await api.send(.patch, "/v1/subscriptions/\(id)", body)
        #expect(answer.status == 400 && answer.refused == ["invalid-value /status"])
      }
    }
  }

  @Test func managersAndAdminsOnly() async throws {
    try await withAPI { api in
      let id = try await api.subscribe()
      for role in Role.allCases {
        let answer = try await api.get("/v1/subscriptions/\(id)", as: role)
        #expect(answer.status == ([.manager, .admin].contains(role) ? 200 : 403))
        let made = try await api.send(
          .post, "/v1/subscriptions", #"{"url":"https://example.com/"}"#, as: role)
        #expect(made.status == ([.manager, .admin].contains(role) ? 201 : 403))
      }
      #expect(try await api.get("/v1/subscriptions", as: nil).status == 401)
    }
  }

  @Test func theListHasPages() async throws {
    try await withAPI { api in
      var ids: [String] = []
      for _ in 1...5 {
        api.clock.advance(seconds: 1)
        ids.append(try await api.subscribe())
      }
      var found: [String] = []
      var uri = "/v1/subscriptions?limit=2"
      for page in 1...3 {
        let answer = try await api.get(uri)
        found += answer["items"].items.compactMap(\.["id"].text)
        guard let next = answer["next"].text else {
          #expect(page == 3)
          break
        }
        uri = "/v1/subscriptions?limit=2&cursor=\(next)"
      }
      #expect(found == ids)
      let wrong = try await api.get("/v1/subscriptions?cursor=x&limit=0&sort=id")
      #expect(wrong.status == 400)
      #expect(
        wrong.refused == [
          "invalid-parameter cursor", "invalid-parameter limit", "unknown-parameter sort",
        ])
    }
  }

  @Test func theSecretIsShownOnceMoreWhenItIsRotated() async throws {
    try await withAPI { api in
      let id = try await api.subscribe()
      let first = try await api.send(.post, "/v1/subscriptions/\(id)/rotate-secret")
      let second = try await api.send(.post, "/v1/subscriptions/\(id)/rotate-secret")
      #expect(first.status == 200 && first["secret"] != second["secret"])
      #expect(
        second["previousSecretUntil"].text == api.clock.now.adding(days: 1).description)
      api.clock.advance(days: 1)
      let later = try await api.get("/v1/subscriptions/\(id)")
      #expect(later["secret"] == .null && later["previousSecretUntil"] == .null)
    }
  }

  @Test func aDisabledOneIsEnabledAgain() async throws {
    try await withAPI { api in
      let id = try await api.subscribe()
      try await api.pool.execute(
        """
        UPDATE subscriptions SET status = 'disabled', disabled_reason = 'gone', failing_since = $1,
          not_before = $1
        """, api.clock.now.adding(days: 9))
      let disabled = try await api.get("/v1/subscriptions/\(id)")
      #expect(disabled["status"] == "disabled" && disabled["disabledReason"] == "gone")
      let refused = try await api.send(.post, "/v1/subscriptions/\(id)/test")
      #expect(refused.status == 409 && refused["code"] == "subscription-not-active")
      #expect(refused["detail"].text?.contains("it is disabled: gone") == true)
      api.clock.advance(days: 1)
      let active = try await api.send(
        .patch, "/v1/subscriptions/\(id)", #"{"status":"active"}"#)
      #expect(active["status"] == "active" && active["disabledReason"] == .null)
      let subscription = try await api.pool.subscription(try #require(EntityID(id)))
      #expect(subscription?.failingSince == nil && subscription?.notBefore == nil)
      #expect(subscription?.activeSince == api.clock.now)
    }
  }

  @Test func aTestGoesToThatSubscriptionOnly() async throws {
    try await withAPI { api in
      let id = try await api.subscribe(#","types":["sluice.stage-moved.v1"],"filter":{"team":"x"}"#)
      _ = try await api.subscribe()
      let answer = try await api.send(.post, "/v1/subscriptions/\(id)/test")
      #expect(answer.status == 202)
      await api.due.wait(for: .seconds(60))
      let deliveries = try await api.pool.deliveries(now: api.clock.now)
      #expect(deliveries.map(\.id.description) == [answer["id"].text])
      #expect(deliveries[0].subscriptionID.description == id)
      #expect(deliveries[0].eventType == KnownTypes.test)
      let shown = try await api.get(try #require(answer.headers[.location]))
      #expect(shown["webhookId"] == answer["webhookId"] && shown["opportunityId"] == .null)
      #expect(try await api.send(.post, "/v1/subscriptions/x/test").status == 404)
    }
  }

  @Test func withoutTheDatabaseTheAnswerIsToComeAgain() async throws {
    let gone = PostgresPool(
      try PostgresConfiguration(
        url: "postgresql://nobody@127.0.0.1:1/none", applicationName: "test", searchPath: "x"),
      size: 1, logger: silent)
    try await withAPI(pool: gone) { api in
      for uri in ["/v1/subscriptions", "/v1/deliveries", "/v1/follow-ups"] {
        let answer = try await api.get(uri)
        #expect(answer.status == 503 && answer.headers[.retryAfter] == "1")
      }
    }
    await gone.close()
  }
}
