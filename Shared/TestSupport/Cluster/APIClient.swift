import AsyncHTTPClient
import Foundation
package import NIOCore
package import NIOHTTP1

/// Asks over HTTP and takes no for an answer, but no silence.
package final class APIClient: Sendable {
  package struct Answer: Sendable {
    package var status: Int
    package var body: [UInt8]

    package var text: String { String(decoding: body, as: UTF8.self) }

    package func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      do {
        return try JSONDecoder().decode(type, from: Data(body))
      } catch {
        throw CheckFailure("status \(status), not a \(type): \(text) (\(error))")
      }
    }
  }

  private let client: HTTPClient

  package init() {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.connect = .seconds(1)
    // Whoever asks decides whom to ask next.
    configuration.connectionPool.retryConnectionEstablishment = false
    client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  package func close() async { try? await client.shutdown() }

  package func send(
    _ method: HTTPMethod, _ url: String, token: String? = nil, idempotencyKey: String? = nil,
    body: [UInt8]? = nil, contentType: String = "application/json",
    headers: [(String, String)] = [], timeout: TimeAmount = .seconds(5)
  ) async throws -> Answer {
    var request = HTTPClientRequest(url: url)
    request.method = method
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let idempotencyKey {
      request.headers.add(name: "Idempotency-Key", value: idempotencyKey)
    }
    if let body {
      request.headers.add(name: "Content-Type", value: contentType)
      request.body = .bytes(body)
    }
    let response = try await client.execute(request, timeout: timeout)
    let content = try await response.body.collect(upTo: 64 << 20)
    return Answer(status: Int(response.status.code), body: Array(content.readableBytesView))
  }

  package func get(_ url: String, token: String) async throws -> Answer {
    try await send(.GET, url, token: token, timeout: .seconds(30))
  }

  /// The status that `GET` answers; nil when nobody answers.
  package func status(of url: String, token: String? = nil) async -> Int? {
    try? await send(.GET, url, token: token, timeout: .seconds(3)).status
  }
}
