import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Postgres
import ServiceKit
import ServiceWiring
import Testing

@testable import Forecasting

/// The routes of the service on tables of their own, without sockets.
struct API: Sendable {
  let pool: PostgresPool
  let client: any TestClientProtocol
  let issuer: TokenIssuer

  static let now = History.start.adding(days: 10)
  static let freshness = Freshness(lagSeconds: 1.5, behind: 7)

  struct Answer {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: JSONValue

    subscript(_ member: String) -> JSONValue { body[member] }

    /// The fields that a problem complains about, in order.
    var refusedFields: [String] { body["errors"].items.compactMap { $0["field"].text } }
  }

  func token(
    _ role: Role, of subject: String = "somebody", expiresIn: Duration = .seconds(600)
  ) throws -> String {
    try issuer.token(subject: subject, roles: [role], expiresIn: expiresIn)
  }

  /// - Parameter token: nil asks as a viewer, "" without a token.
  func request(
    _ uri: String, _ method: HTTPRequest.Method = .get, token: String? = nil
  ) async throws -> Answer {
    let token = try token ?? self.token(.viewer)
    let headers: HTTPFields = token.isEmpty ? [:] : [.authorization: "Bearer \(token)"]
    return try await client.execute(uri: uri, method: method, headers: headers) { response in
      Answer(
        status: response.status, headers: response.headers,
        body: try JSONDecoder().decode(JSONValue.self, from: Data(response.body.readableBytesView)))
    }
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
  return try await withForecastingTables(beside: [DirectoryMigrations.mirror]) { pool in
    let router = makeServiceRouter()
    ForecastingRoutes(
      funnels: FunnelQueries(pool: other ?? pool), timelines: TimelineQueries(pool: other ?? pool),
      access: AccessControl(directory: DirectoryCache(pool: other ?? pool, goodFor: .zero)),
      freshness: { API.freshness }, now: { API.now }
    ).add(to: router, authenticator: authenticator)
    let application = Application(
      responder: makeResponder(router),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    return try await application.test(.router) { client in
      try await body(API(pool: pool, client: client, issuer: issuer))
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
