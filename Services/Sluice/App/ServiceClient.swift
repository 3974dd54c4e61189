import AsyncHTTPClient
import Contracts
import Foundation
import NIOCore
import NIOHTTP1

/// Talks to one of the services over HTTP with a bearer token.
///
/// Every call has a time limit and a limit on the size of the answer. What the service refuses
/// becomes a ``ServiceRefusal``, a service that does not answer an unavailable
/// ``OperatorFailure``.
struct ServiceClient: Sendable {
  /// For messages, such as `stage-service`.
  let service: String
  /// Without a slash at its end.
  let baseURL: String
  let token: String
  var timeout = Duration.seconds(30)

  private static let largestAnswer = 64 << 20

  /// Lives as long as the process. Somebody waits at a terminal, so a service that is not there is
  /// not tried again and again.
  private static let http: HTTPClient = {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(5)
    configuration.connectionPool.retryConnectionEstablishment = false
    return HTTPClient(configuration: configuration)
  }()

  struct Response: Sendable {
    var status: Int
    var body: [UInt8]
  }

  /// - Parameter path: with the leading slash; query values already percent-encoded.
  func get<Answer: Decodable>(_ path: String, as type: Answer.Type) async throws -> Answer {
    try decode(type, from: await send(.GET, path, body: nil), path)
  }

  /// Answers with status 200 to 299; everything else is thrown.
  func post(
    _ path: String, _ body: some Encodable, contentType: String = "application/json"
  ) async throws -> Response {
    try await send(.POST, path, body: JSONCoding.encode(body), contentType: contentType)
  }

  /// As `post`.
  func put(_ path: String, _ body: some Encodable) async throws -> Response {
    try await send(.PUT, path, body: JSONCoding.encode(body))
  }

  /// As `post`.
  func patch(_ path: String, _ body: some Encodable) async throws {
    _ = try await send(.PATCH, path, body: JSONCoding.encode(body))
  }

  func delete(_ path: String) async throws {
    _ = try await send(.DELETE, path, body: nil)
  }

  func decode<Answer: Decodable>(
    _ type: Answer.Type, from response: Response, _ path: String
  ) throws -> Answer {
    do {
      return try JSONCoding.decode(type, from: response.body)
    } catch {
      throw OperatorFailure.unavailable(
        "\(service) at \(baseURL) answered \(path) with something unexpected: "
          + "\(JSONCoding.explain(error)); is it the same version as this program?")
    }
  }

  /// One value of a query, percent-encoded.
  static func encode(_ value: String) -> String {
    let unreserved = CharacterSet(
      charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    return value.addingPercentEncoding(withAllowedCharacters: unreserved) ?? value
  }

  private func send(
    _ method: HTTPMethod, _ path: String, body: [UInt8]?, contentType: String = "application/json"
  ) async throws -> Response {
    var request = HTTPClientRequest(url: baseURL + path)
    request.method = method
    request.headers.add(name: "authorization", value: "Bearer \(token)")
    request.headers.add(name: "accept", value: "application/json, application/problem+json")
    if let body {
      request.headers.add(name: "content-type", value: contentType)
      request.body = .bytes(body)
    }
    let response: Response
    do {
      let limit = TimeAmount(timeout)
      let answer = try await ServiceClient.http.execute(request, timeout: limit)
      let bytes = try await answer.body.collect(upTo: ServiceClient.largestAnswer)
      response = Response(status: Int(answer.status.code), body: Array(bytes.readableBytesView))
    } catch {
      throw OperatorFailure.unavailable(
        "\(service) at \(baseURL) cannot be reached (\(OperatorFailure.describe(error))); "
          + "is it running, and is the address right?")
    }
    guard (200..<300).contains(response.status) else {
      throw ServiceRefusal(service: service, path: path, response: response)
    }
    return response
  }
}

extension OperatorContext {
  func stageService() throws -> ServiceClient {
    ServiceClient(service: "stage-service", baseURL: try stageServiceURL, token: try token)
  }

  func activityIngest() throws -> ServiceClient {
    ServiceClient(service: "activity-ingest", baseURL: try activityIngestURL, token: try token)
  }

  func notifier() throws -> ServiceClient {
    ServiceClient(service: "notifier", baseURL: try notifierURL, token: try token)
  }

  func forecasting() throws -> ServiceClient {
    ServiceClient(service: "forecasting", baseURL: try forecastingURL, token: try token)
  }
}
