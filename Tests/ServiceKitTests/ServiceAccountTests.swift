import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Synchronization
import Testing

@testable import ServiceKit

/// Accounts as a database would hold them, and how often each was asked for.
private final class Accounts: Sendable {
  private struct State {
    var accounts: [EntityID: ServiceAccount] = [:]
    var isAway = false
    var lookups = 0
  }

  private let state = Mutex(State())

  var lookups: Int { state.withLock(\.lookups) }

  func set(isAway: Bool) { state.withLock { $0.isAway = isAway } }

  /// A new account's token.
  func add(
    roles: [String] = ["publisher"], rateLimit: Double? = nil
  ) -> ServiceAccountToken {
    let token = ServiceAccountToken.make(for: .make(at: .now()))
    put(token, roles: roles, rateLimit: rateLimit)
    return token
  }

  func put(
    _ token: ServiceAccountToken, roles: [String] = ["publisher"], rateLimit: Double? = nil,
    isRevoked: Bool = false
  ) {
    let hash = stride(from: 0, to: 64, by: 2).map { index in
      UInt8(String(token.secretHash.dropFirst(index).prefix(2)), radix: 16) ?? 0
    }
    let account = ServiceAccount(
      id: token.account, name: "crm", roles: roles, secretHash: hash, rateLimit: rateLimit,
      isRevoked: isRevoked)
    state.withLock { $0.accounts[token.account] = account }
  }

  func remove(_ token: ServiceAccountToken) {
    state.withLock { $0.accounts[token.account] = nil }
  }

  func find(_ id: EntityID) throws -> ServiceAccount? {
    try state.withLock { state in
      state.lookups += 1
      if state.isAway { throw Problem.unavailable("away") }
      return state.accounts[id]
    }
  }
}

private final class Counter: Sendable {
  private let count = Atomic(0)

  var value: Int { count.load(ordering: .relaxed) }

  func increase() { count.add(1, ordering: .relaxed) }
}

@Suite struct ServiceAccountTests {
  private let accounts = Accounts()
  private let clock = TestClock()

  private func cache(capacity: Int = 10_000) -> ServiceAccountCache {
    ServiceAccountCache(
      capacity: capacity, now: { [clock] in clock.now },
      lookup: { [accounts] in try accounts.find($0) })
  }

  private func reason(_ verifier: ServiceAccountVerifier, _ token: String) async -> String? {
    await #expect(throws: AuthenticationFailure.self) {
      try await verifier.principal(bearer: token)
    }?.reason
  }

  // MARK: Verification

  @Test func aTokenMakesACaller() async throws {
    let token = accounts.add(roles: ["publisher", "admin", "nonsense", "rep"], rateLimit: 5)
    let principal = try await ServiceAccountVerifier(cache()).principal(bearer: token.text)
    #expect(principal.subject == "service:crm")
    #expect(principal.roles == [.publisher, .rep], "a machine is never an admin")
    #expect(principal.tokenID == token.account.description)
    #expect(principal.rateLimit == 5)
  }

  @Test func wrongTokensAreRefused() async {
    let verifier = ServiceAccountVerifier(cache())
    let token = accounts.add()
    let unknown = ServiceAccountToken.make(for: .make(at: .now()))
    let forged = ServiceAccountToken.make(for: token.account)
    #expect(await reason(verifier, unknown.text) == "no service account has this token")
    #expect(await reason(verifier, forged.text) == "no service account has this token")
    #expect(await reason(verifier, "slk_garbage") == "the token is malformed")
    #expect(
      await reason(verifier, token.text + String(repeating: "x", count: 50_000))
        == "the token is malformed")
  }

  @Test func aRevokedTokenIsRefusedAndOnlyItsHolderLearnsThatItWasOne() async {
    let verifier = ServiceAccountVerifier(cache())
    let token = accounts.add()
    accounts.put(token, isRevoked: true)
    #expect(
      await reason(verifier, token.text) == "the token of the service account was revoked")
    let forged = ServiceAccountToken.make(for: token.account)
    #expect(await reason(verifier, forged.text) == "no service account has this token")
  }

  // MARK: Cache

  @Test func anAccountIsLookedUpAgainAfterTwoSeconds() async throws {
    let cache = cache()
    let token = accounts.add()
    for _ in 0..<5 { _ = try await cache.account(token.account) }
    #expect(accounts.lookups == 1)
    accounts.put(token, isRevoked: true)
    clock.advance(by: .milliseconds(1_999))
    #expect(try await cache.account(token.account)?.isRevoked == false)
    clock.advance(by: .milliseconds(1))
    #expect(try await cache.account(token.account)?.isRevoked == true)
    #expect(accounts.lookups == 2)
  }

  @Test func anUnknownAccountIsLookedUpAgainAfterOneSecond() async throws {
    let cache = cache()
    let token = ServiceAccountToken.make(for: .make(at: .now()))
    #expect(try await cache.account(token.account) == nil)
    accounts.put(token)
    clock.advance(by: .milliseconds(999))
    #expect(try await cache.account(token.account) == nil)
    clock.advance(by: .milliseconds(1))
    #expect(try await cache.account(token.account) != nil)
    #expect(accounts.lookups == 2)
  }

  @Test func aFailedLookUpIsNotKept() async throws {
    let cache = cache()
    let token = accounts.add()
    accounts.set(isAway: true)
    await #expect(throws: Problem.self) { try await cache.account(token.account) }
    accounts.set(isAway: false)
    #expect(try await cache.account(token.account) != nil)
  }

  @Test func noMoreAreKeptThanFit() async throws {
    let cache = cache(capacity: 3)
    for _ in 0..<10 { _ = try await cache.account(.make(at: .now())) }
    #expect(cache.counts == (0, 3))
    let tokens = (0..<5).map { _ in accounts.add() }
    for token in tokens {
      #expect(try await cache.account(token.account) != nil, "a full cache still answers")
    }
    #expect(cache.counts == (3, 3), "unknown ids push no account out")
    clock.advance(by: .seconds(2))
    #expect(try await cache.account(tokens[4].account) != nil)
    #expect(try await cache.account(.make(at: .now())) == nil)
    #expect(cache.counts == (1, 1), "what has expired makes room")
  }

  @Test func anAccountThatIsGoneIsUnknownAndComesBack() async throws {
    let cache = cache()
    let token = accounts.add()
    #expect(try await cache.account(token.account) != nil)
    accounts.remove(token)
    clock.advance(by: .seconds(2))
    #expect(try await cache.account(token.account) == nil)
    accounts.put(token)
    clock.advance(by: .seconds(1))
    #expect(try await cache.account(token.account) != nil)
  }

  @Test func askersAtTheSameTimeShareOneLookUp() async throws {
    let (gate, opener) = AsyncStream.makeStream(of: Void.self)
    let lookups = Counter()
    let cache = ServiceAccountCache(
      now: { [clock] in clock.now },
      lookup: { _ in
        lookups.increase()
        for await _ in gate {}
        return nil
      })
    let id = EntityID.make(at: .now())
    let asked = Counter()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<20 {
        group.addTask {
          asked.increase()
          let account = try await cache.account(id)
          #expect(account == nil)
        }
      }
      try await eventually("all have asked") { asked.value == 20 }
      opener.finish()
      try await group.waitForAll()
    }
    #expect(lookups.value == 1)
  }

  // MARK: Middleware

  /// A route for anybody with a token, and one for publishers only.
  private func withRoutes(
    _ body: @Sendable (any TestClientProtocol, TokenIssuer) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "key").path
      try TokenIssuer.createKeyFile(at: path)
      let router = makeServiceRouter()
      let group = router.group("")
        .add(
          middleware: AuthenticationMiddleware(
            try Authenticator(
              TokenConfiguration(source: .keyFile(path)),
              serviceAccounts: ServiceAccountVerifier(cache()))))
      group.get("any") { _, context in context.principal?.subject ?? "" }
      group.get("people") { _, context in
        try context.require(.rep, .manager, .admin).subject
      }
      let application = Application(responder: makeResponder(router), logger: quiet)
      let issuer = try TokenIssuer(keyFile: path)
      try await application.test(.router) { try await body($0, issuer) }
    }
  }

  private func answer(
    _ client: any TestClientProtocol, _ uri: String, _ token: String
  ) async throws -> (status: Int, text: String) {
    try await client.execute(
      uri: uri, method: .get, headers: [.authorization: "Bearer \(token)"]
    ) { ($0.status.code, String(buffer: $0.body)) }
  }

  @Test func bothKindsOfTokensAreAccepted() async throws {
    let token = accounts.add().text
    try await withRoutes { client, issuer in
      let machine = try await answer(client, "/any", token)
      #expect(machine == (200, "service:crm"))
      let jwt = try issuer.token(subject: "li.na", roles: [.rep], expiresIn: .seconds(60))
      let person = try await answer(client, "/people", jwt)
      #expect(person == (200, "li.na"))
      let refused = try await answer(client, "/people", token)
      #expect(refused.status == 403, "a publisher is no rep")
    }
  }

  @Test func whatIsWrongIsSaidAndAnOutageIsNoRefusal() async throws {
    let token = accounts.add()
    try await withRoutes { client, _ in
      for bad in ["slk_x", ServiceAccountToken.make(for: token.account).text] {
        let refused = try await answer(client, "/any", bad)
        #expect(refused.status == 401)
        #expect(refused.text.contains("\"code\":\"invalid-token\""))
      }
      clock.advance(by: .seconds(2))
      accounts.put(token, isRevoked: true)
      let revoked = try await answer(client, "/any", token.text)
      #expect(revoked.status == 401)
      #expect(revoked.text.contains("revoked"))
      clock.advance(by: .seconds(2))
      accounts.set(isAway: true)
      let away = try await answer(client, "/any", token.text)
      #expect(away.status == 503)
      #expect(away.text.contains("\"code\":\"unavailable\""))
    }
  }

  @Test func withoutAccountsSuchATokenIsNoJWT() async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "key").path
      try TokenIssuer.createKeyFile(at: path)
      let authenticator = try Authenticator(TokenConfiguration(source: .keyFile(path)))
      await #expect(throws: AuthenticationFailure("the token is malformed")) {
        try await authenticator.principal(bearer: accounts.add().text)
      }
    }
  }
}
