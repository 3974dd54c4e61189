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
import TestSupport
import Testing

@testable import StageService

/// The routes of the service on tables of their own, without sockets and without a broker: what
/// would be published stands in the outbox.
struct API: Sendable {
  let pool: PostgresPool
  let client: any TestClientProtocol
  let issuer: TokenIssuer

  struct Answer {
    let status: Int
    let headers: HTTPFields
    let body: JSONValue

    subscript(_ member: String) -> JSONValue { body[member] }

    /// The codes of everything that a problem lists, in order.
    var codes: [String] { body["errors"].items.compactMap { $0["code"].text } }
    var etag: String? { headers[.eTag] }
  }

  func token(_ role: Role = .rep, expiresIn: Duration = .seconds(600)) throws -> String {
    try issuer.token(subject: "li.na", roles: [role], expiresIn: expiresIn)
  }

  func send(
    _ method: HTTPRequest.Method, _ uri: String, bytes: [UInt8]? = nil, as role: Role = .rep,
    token: String? = nil, headers: [HTTPField.Name: String] = [:]
  ) async throws -> Answer {
    var fields: HTTPFields = [:]
    let token = try token ?? self.token(role)
    if !token.isEmpty { fields[.authorization] = "Bearer \(token)" }
    if bytes != nil { fields[.contentType] = "application/json" }
    for (name, value) in headers { fields[name] = value }
    return try await client.execute(
      uri: uri, method: method, headers: fields, body: bytes.map { ByteBuffer(bytes: $0) }
    ) { response in
      let body = Data(response.body.readableBytesView)
      return Answer(
        status: response.status.code, headers: response.headers,
        body: body.isEmpty ? .null : try JSONDecoder().decode(JSONValue.self, from: body))
    }
  }

  func send(
    _ method: HTTPRequest.Method, _ uri: String, _ body: JSONValue, as role: Role = .rep,
    headers: [HTTPField.Name: String] = [:]
  ) async throws -> Answer {
    try await send(
      method, uri, bytes: try JSONCoding.encode(body), as: role, headers: headers)
  }

  func get(_ uri: String, as role: Role = .viewer) async throws -> Answer {
    try await send(.get, uri, as: role)
  }

  /// Publishes the general template under its own name.
  func publishGeneral() async throws {
    let answer = try await send(
      .post, "/v1/pipelines", ["key": "general", "template": "general"], as: .admin)
    try #require(answer.status == 201)
  }

  /// Publishes stages of which none asks for anything, as the pipeline that `create` takes.
  func publishPlain() async throws {
    func stage(_ key: JSONValue, _ category: JSONValue = "open") -> JSONValue {
      ["key": key, "name": ["zh": key, "en": key], "category": category]
    }
    let definition: JSONValue = [
      "name": ["zh": "简", "en": "plain"],
      "stages": [
        stage("initial-contact"), stage("needs-analysis"), stage("won", "won"),
        stage("lost", "lost"),
      ],
    ]
    let answer = try await send(
      .post, "/v1/pipelines", ["key": "general", "definition": definition], as: .admin)
    try #require(answer.status == 201, "\(answer.body)")
  }

  /// A new deal's identity.
  func create(_ members: [String: JSONValue] = [:]) async throws -> String {
    let answer = try await send(.post, "/v1/opportunities", API.deal(members))
    try #require(answer.status == 201, "\(answer.body)")
    return try #require(answer["id"].text)
  }

  static func deal(_ members: [String: JSONValue] = [:]) -> JSONValue {
    .object(
      [
        "pipeline": "general", "name": "ERP 二期", "account": ["name": "华东机械"],
        "owner": "li.na", "team": "east", "amount": ["minor": 12_000_000, "currency": "CNY"],
      ].merging(members) { $1 })
  }

  func outboxCount(of topic: Topic) async throws -> Int {
    try await pool.query("SELECT count(*) FROM outbox WHERE topic = $1", topic.name).first?
      .decode(0, as: Int.self) ?? 0
  }
}

func withAPI<Result: Sendable>(
  standing: @escaping Standing.Lookup = Standing.byDirectory,
  _ body: @Sendable (API) async throws -> Result
) async throws -> Result {
  let keyFile = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID())").path()
  try TokenIssuer.createKeyFile(at: keyFile)
  defer { try? FileManager.default.removeItem(atPath: keyFile) }
  let issuer = try TokenIssuer(keyFile: keyFile)
  return try await withStageTables { pool in
    let authenticator = try Authenticator(
      TokenConfiguration(source: .keyFile(keyFile)),
      serviceAccounts: ServiceAccountVerifier(
        ServiceAccountCache { try await ServiceAccountTable.find($0, in: pool) }))
    let router = makeServiceRouter()
    StageServiceRoutes(
      pool: pool, recorder: Recorder(epoch: 1), committed: WakeSignal(), standing: standing
    ).add(to: router, authenticator: authenticator)
    let application = Application(
      responder: makeResponder(router),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await application.test(.router) { client in
      try await body(API(pool: pool, client: client, issuer: issuer))
    }
  }
}

/// The service's tables in a schema of their own.
func withStageTables<Result: Sendable>(
  _ body: @Sendable (PostgresPool) async throws -> Result
) async throws -> Result {
  try await withTestDatabase { database in
    try await Migrator.migrate(
      database.pool, schema: database.schema,
      sets: [MessagingMigrations.set, DirectoryMigrations.set, StageServiceMigrations.set],
      logger: quiet)
    return try await body(database.pool)
  }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension HTTPField.Name {
  static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
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

  var items: [JSONValue] {
    if case .array(let items) = self { items } else { [] }
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }
}
