package import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import NIOCore
import Postgres
import ServiceKit
import ServiceWiring
import Testing

@testable import ActivityIngest

/// The routes of the service on tables of their own, without sockets and without a broker: what
/// would be published stands in the outbox.
struct API: Sendable {
  let bench: Bench
  let client: any TestClientProtocol
  let issuer: TokenIssuer

  struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: JSONValue

    subscript(_ member: String) -> JSONValue { body[member] }

    var codes: [String] { body["errors"].items.compactMap { $0["code"].text } }
    var pointers: [String] { body["errors"].items.compactMap { $0["pointer"].text } }
    var fields: [String] { body["errors"].items.compactMap { $0["field"].text } }
  }

  /// Whose tokens are sent.
  var subject = "li.na"

  func token(_ role: Role) throws -> String {
    try issuer.token(subject: subject, roles: [role], expiresIn: .seconds(600))
  }

  /// The same API for somebody else.
  func by(_ subject: String) -> API {
    var other = self
    other.subject = subject
    return other
  }

  /// - Parameter role: nil sends no token.
  func send(
    _ method: HTTPRequest.Method, _ uri: String, bytes: [UInt8]? = nil, as role: Role? = .rep,
    headers: [String: String] = [:]
  ) async throws -> Answer {
    var fields: HTTPFields = [:]
    if let role { fields[.authorization] = "Bearer \(try token(role))" }
    if bytes != nil { fields[.contentType] = "application/json" }
    for (name, value) in headers { fields[try #require(HTTPField.Name(name))] = value }
    return try await client.execute(
      uri: uri, method: method, headers: fields, body: bytes.map { ByteBuffer(bytes: $0) }
    ) { response in
      let body = Data(response.body.readableBytesView)
      return Answer(
        status: response.status.code, headers: response.headers,
        body: body.isEmpty ? .null : try JSONDecoder().decode(JSONValue.self, from: body))
    }
  }

  func get(_ uri: String, as role: Role? = .viewer) async throws -> Answer {
    try await send(.get, uri, as: role)
  }

  func post(_ uri: String, _ body: JSONValue? = nil, as role: Role? = .rep) async throws -> Answer {
    try await send(.post, uri, bytes: try body.map { try JSONCoding.encode($0) }, as: role)
  }

  /// A structured event.
  static func event(
    _ id: String, type: String = ObservedActivity.type, data: JSONValue = ["kind": "email"]
  ) -> JSONValue {
    [
      "specversion": "1.0", "id": .string(id), "source": "/mail", "type": .string(type),
      "data": data,
    ]
  }

  func publish(_ event: JSONValue, as role: Role? = .publisher) async throws -> Answer {
    try await send(
      .post, "/v1/activities", bytes: try JSONCoding.encode(event), as: role,
      headers: ["Content-Type": "application/cloudevents+json"])
  }

  func publish(batch events: [JSONValue], as role: Role? = .publisher) async throws -> Answer {
    try await send(
      .post, "/v1/activities", bytes: try JSONCoding.encode(events), as: role,
      headers: ["Content-Type": "application/cloudevents-batch+json"])
  }

  /// What is queued for a topic, in order.
  func outbox(_ topic: Topic) async throws -> [WireMessage] {
    try await bench.pool.query(
      "SELECT message_key, value, headers FROM outbox WHERE topic = $1 ORDER BY id", topic.name
    ).map {
      WireMessage(
        key: try $0.optional(0), value: try $0.optional(1),
        headers: HeaderCoding.decode(try $0.decode(2, as: [UInt8].self)) ?? [])
    }
  }

  /// Handles what is queued for `activities.v1`, as the consumer would.
  func drain() async throws {
    let messages = try await outbox(.activities)
    try await bench.pool.execute("DELETE FROM outbox WHERE topic = $1", Topic.activities.name)
    try await bench.handle(.activities, messages, at: .now())
  }
}

/// - Parameters:
///   - pool: of the routes; that of the tables unless told.
///   - readyMade: whether the ready-made rules are enabled beside those of these tests.
func withAPI<Result: Sendable>(
  pool other: PostgresPool? = nil, readyMade: Bool = true,
  _ body: @Sendable (API) async throws -> Result
) async throws -> Result {
  let keyFile = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())").path()
  try TokenIssuer.createKeyFile(at: keyFile)
  defer { try? FileManager.default.removeItem(atPath: keyFile) }
  let issuer = try TokenIssuer(keyFile: keyFile)
  let authenticator = try Authenticator(TokenConfiguration(source: .keyFile(keyFile)))
  return try await withBench(readyMade: readyMade) { bench in
    let router = makeServiceRouter()
    ActivityIngestRoutes(
      pool: other ?? bench.pool, settlement: bench.settlement,
      directory: DirectoryCache(pool: other ?? bench.pool, goodFor: .zero),
      committed: WakeSignal()
    ).add(to: router, authenticator: authenticator)
    let application = Application(
      responder: makeResponder(router),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await application.test(.router) { client in
      try await body(API(bench: bench, client: client, issuer: issuer))
    }
  }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    self = .object(Dictionary(elements) { $1 })
  }
}

extension JSONValue: ExpressibleByArrayLiteral {
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
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
