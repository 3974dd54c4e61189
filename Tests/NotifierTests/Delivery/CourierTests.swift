import Contracts
import Foundation
import TestSupport
import Testing

@testable import Notifier

@Suite struct CourierTests {
  private func delivery(_ url: String, attempts: Int = 0) -> ClaimedDelivery {
    ClaimedDelivery(
      id: .v7(at: Story.start, entropy: (1, 1)),
      subscriptionID: .v7(at: Story.start, entropy: (2, 2)),
      body: Array(#"{"type":"x"}"#.utf8), failures: 0, attempts: attempts, url: url,
      secrets: [WebhookSecret(key: [1]), WebhookSecret(key: [2])],
      lease: .v7(at: Story.start, entropy: (3, 3)))
  }

  private func attempt(
    _ url: String, check: AddressCheck = localCheck, limits: CourierLimits = CourierLimits(),
    attempts: Int = 0
  ) async throws -> AttemptOutcome {
    let courier = Courier(check: check, limits: limits, connections: 4)
    let outcome = try await courier.attempt(delivery(url, attempts: attempts), at: Story.start)
    await courier.clients.close()
    return outcome
  }

  /// A time-out that a broken program is waited for, not one that is measured.
  private var short: CourierLimits {
    var limits = CourierLimits()
    limits.attempt = .milliseconds(300)
    return limits
  }

  @Test func oneRequestSaysItAll() async throws {
    try await withEndpoint(.answer(201, body: "thanks")) { endpoint in
      let outcome = try await attempt(endpoint.url + "?a=b")
      #expect(
        outcome == .answered(status: 201, retryAfter: nil, location: nil, excerpt: "thanks"))
      let received = try #require(endpoint.received.first)
      let delivery = delivery(endpoint.url)
      #expect(received.uri == "/hooks?a=b" && received.body == delivery.body)
      #expect(received.headers["content-type"] == "application/json")
      #expect(received.headers["user-agent"] == "sluice-notifier/1")
      #expect(received.headers["host"] == "127.0.0.1:\(endpoint.port)")
      for (name, value) in WebhookSignature.headers(
        id: delivery.webhookID, seconds: Story.start.microseconds / 1_000_000,
        body: delivery.body, secrets: delivery.secrets)
      {
        #expect(received.headers[name] == value)
      }
    }
  }

  @Test func aRedirectIsNotFollowed() async throws {
    try await withEndpoint { other in
      try await withEndpoint(.answer(307, headers: [("location", other.url)])) { endpoint in
        let outcome = try await attempt(endpoint.url)
        #expect(
          outcome.error == "answered 307 to \(other.url); redirects are not followed")
        #expect(other.received.isEmpty)
      }
    }
  }

  @Test func anAnswerWithoutEndCostsNothing() async throws {
    try await withEndpoint(.endless) { endpoint in
      let outcome = try await attempt(endpoint.url)
      #expect(outcome.error == nil && outcome.status == 200)
      #expect(outcome.excerpt == String(repeating: "x", count: 1 << 10))
      try await eventually("the connection is dropped") { endpoint.connections == 0 }
    }
  }

  @Test func whatHangsIsGivenUp() async throws {
    try await withEndpoint(.hold) { endpoint in
      let outcome = try await attempt(endpoint.url, limits: short)
      #expect(outcome == .failed("no answer within \(short.attempt)"))
      try await eventually("the connection is dropped") { endpoint.connections == 0 }
    }
  }

  @Test func theStatusCountsWhereTheBodyHangs() async throws {
    try await withEndpoint(.stall(202)) { endpoint in
      var limits = CourierLimits()
      limits.attempt = .seconds(3)
      let outcome = try await attempt(endpoint.url, limits: limits)
      #expect(outcome.status == 202)
    }
  }

  @Test func aConnectionThatIsClosedIsAFailure() async throws {
    try await withEndpoint(.close) { endpoint in
      let outcome = try await attempt(endpoint.url)
      #expect(outcome.error != nil)
    }
  }

  @Test func nobodyListening() async throws {
    let endpoint = try await Endpoint.start()
    await endpoint.stop()
    let error = try #require(try await attempt(endpoint.url).error)
    #expect(!error.isEmpty)
  }

  @Test func tlsThatIsRefused() async throws {
    try await withEndpoint { endpoint in
      let url = endpoint.url.replacing("http://", with: "https://")
      let outcome = try await attempt(url)
      #expect(outcome.error != nil)
      #expect(endpoint.received.isEmpty)
    }
  }

  @Test func retryAfterAndOddBytesAreKept() async throws {
    try await withEndpoint(.answer(429, headers: [("Retry-After", "17")], body: "a\0b")) {
      endpoint in
      let outcome = try await attempt(endpoint.url)
      #expect(
        outcome
          == .answered(status: 429, retryAfter: "17", location: nil, excerpt: "a\u{FFFD}b"))
    }
  }

  @Test func nothingIsSentToAPrivateAddress() async throws {
    let strict = AddressPolicy(allowsPrivate: false)
    try await withEndpoint { endpoint in
      let literal = try await attempt(
        endpoint.url, check: AddressCheck(resolver: .system, policy: strict))
      #expect(
        literal.error == "nothing is sent to 127.0.0.1: 127.0.0.1 is a private or loopback address")
      for host in ["localhost", "127.1", "0x7f.1", "[::ffff:127.0.0.1]", "[::1]"] {
        let outcome = try await attempt(
          "http://\(host):\(endpoint.port)/",
          check: AddressCheck(resolver: .system, policy: strict))
        #expect(outcome.error?.contains("private or loopback") == true, "\(host): \(outcome)")
      }
      #expect(endpoint.received.isEmpty)
    }
  }

  /// The name is looked up once; were it asked for again, there would be no such host.
  @Test(arguments: ["hooks.invalid", "Hooks.INVALID"])
  func theConnectionGoesToTheAddressThatWasChecked(_ host: String) async throws {
    let check = AddressCheck(
      resolver: AddressResolver { _ in [IPAddress("127.0.0.1")!] },
      policy: AddressPolicy(allowsPrivate: true))
    try await withEndpoint { endpoint in
      let outcome = try await attempt("http://\(host):\(endpoint.port)/x", check: check)
      #expect(outcome.status == 204)
      #expect(
        endpoint.received.first?.headers["host"]?.lowercased()
          == "hooks.invalid:\(endpoint.port)")
    }
  }

  /// A name that meant a public address when the subscription was made and another one now.
  @Test func aNameThatChangedItsMeaningIsCheckedAnew() async throws {
    let asked = TestClock(Instant(microseconds: 0))
    let check = AddressCheck(
      resolver: AddressResolver { _ in
        defer { asked.advance(seconds: 1) }
        return [IPAddress(asked.now.microseconds == 0 ? "1.1.1.1" : "127.0.0.1")!]
      }, policy: AddressPolicy(allowsPrivate: false))
    try await withEndpoint { endpoint in
      let url = try EndpointURL("http://hooks.invalid:\(endpoint.port)/")
      #expect(try await check.addresses(of: url).count == 1)
      #expect(try await attempt(url.text, check: check).error?.contains("private") == true)
      #expect(endpoint.received.isEmpty)
    }
  }

  @Test func eachAttemptTakesTheNextAddress() async throws {
    let check = AddressCheck(
      resolver: AddressResolver { _ in [IPAddress("127.0.0.2")!, IPAddress("127.0.0.1")!] },
      policy: AddressPolicy(allowsPrivate: true))
    // Listens on 127.0.0.1 only.
    try await withEndpoint { endpoint in
      let url = "http://hooks.invalid:\(endpoint.port)/"
      let first = try await attempt(url, check: check)
      #expect(first.error != nil)
      let second = try await attempt(url, check: check, attempts: 1)
      #expect(second.error == nil)
    }
  }

  @Test func aHostThatIsNotFoundIsAFailure() async throws {
    let error = try #require(try await attempt("http://no-such-host.invalid/").error)
    #expect(error.hasPrefix("the host no-such-host.invalid is not found"))
  }

  @Test func aURLThatIsNoLongerUsableIsAFailure() async throws {
    #expect(try await attempt("ftp://example.com/").error?.hasPrefix("the URL must be") == true)
  }

  @Test func aCancelledAttemptIsNone() async throws {
    try await withEndpoint(.hold) { endpoint in
      let courier = Courier(check: localCheck, connections: 4)
      let task = Task { try await courier.attempt(delivery(endpoint.url), at: Story.start) }
      try await eventually("the request is there") { endpoint.held == 1 }
      task.cancel()
      await #expect(throws: CancellationError.self) { try await task.value }
      await courier.clients.close()
    }
  }
}
