import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Messaging
import NIOCore
import Postgres
import ServiceKit
import ServiceWiring
import Testing

@testable import Notifier

/// The routes of the service on tables of their own, without sockets.
struct API: Sendable {
  let pool: PostgresPool
  let client: any TestClientProtocol
  let issuer: TokenIssuer
  let clock: TestClock
  let due: WakeSignal
  /// Whose tokens are sent.
  var subject = "zhao.min"

  /// The same API for somebody else.
  func by(_ subject: String) -> API {
    var other = self
    other.subject = subject
    return other
  }

  struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: JSONValue

    subscript(_ member: String) -> JSONValue { body[member] }

    /// The codes and pointers (or fields) of everything that a problem lists, in order.
    var refused: [String] {
      body["errors"].items.map {
        "\($0["code"].text ?? "") \($0["pointer"].text ?? $0["field"].text ?? "")"
      }
    }
  }

  /// - Parameter body: JSON as it is written.
  func send(
    _ method: HTTPRequest.Method, _ uri: String, _ body: String? = nil, as role: Role? = .manager,
    contentType: String = "application/json"
  ) async throws -> Answer {
    var headers: HTTPFields = [:]
    if let role {
      let token = try issuer.token(subject: subject, roles: [role], expiresIn: .seconds(600))
      headers[.authorization] = "Bearer \(token)"
    }
    if body != nil { headers[.contentType] = contentType }
    return try await client.execute(
      uri: uri, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
    ) { response in
      let body = Data(response.body.readableBytesView)
      return Answer(
        status: response.status.code, headers: response.headers,
        body: body.isEmpty ? .null : try JSONDecoder().decode(JSONValue.self, from: body))
    }
  }

  func get(_ uri: String, as role: Role? = .manager) async throws -> Answer {
    try await send(.get, uri, as: role)
  }

  /// A new subscription's identity.
  func subscribe(_ members: String = "", as role: Role = .manager) async throws -> String {
    let answer = try await send(
      .post, "/v1/subscriptions", #"{"url":"https://example.com/hooks"\#(members)}"#, as: role)
    try #require(answer.status == 201, "\(answer.body)")
    return try #require(answer["id"].text)
  }
}

/// Every name leads to a public address, but `inside.example.com` and `nowhere.example.com`.
let exampleResolver = AddressResolver { host in
  switch host {
  case "nowhere.example.com":
    throw AddressResolver.Failure(description: "the host \(host) is not found")
  case "inside.example.com": [IPAddress("10.0.0.7")!]
  default: [IPAddress("93.184.216.34")!]
  }
}

/// - Parameter pool: of the routes; that of the tables unless told.
func withAPI<Result: Sendable>(
  pool other: PostgresPool? = nil, _ body: @Sendable (API) async throws -> Result
) async throws -> Result {
  let keyFile = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())").path()
  try TokenIssuer.createKeyFile(at: keyFile)
  defer { try? FileManager.default.removeItem(atPath: keyFile) }
  let issuer = try TokenIssuer(keyFile: keyFile)
  let authenticator = try Authenticator(TokenConfiguration(source: .keyFile(keyFile)))
  return try await withNotifierTables { pool in
    let clock = TestClock()
    let due = WakeSignal()
    let router = makeServiceRouter()
    NotifierRoutes(
      pool: other ?? pool,
      directory: DirectoryCache(pool: other ?? pool, goodFor: .zero),
      check: AddressCheck(
        resolver: exampleResolver, policy: AddressPolicy(allowsPrivate: false)),
      due: due, now: { clock.now }
    ).add(to: router, authenticator: authenticator)
    let application = Application(responder: makeResponder(router), logger: silent)
    return try await application.test(.router) { client in
      try await body(API(pool: pool, client: client, issuer: issuer, clock: clock, due: due))
    }
  }
}

extension JSONValue {
  subscript(_ member: String) -> JSONValue {
    if case .object(let members) = self { members[member] ?? .null } else { .null }
  }

  var keys: Set<String> {
    if case .object(let members) = self { Set(members.keys) } else { [] }
  }

  var items: [JSONValue] {
    if case .array(let items) = self { items } else { [] }
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }
}
