import AsyncHTTPClient
import Foundation
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1
import ServiceKit
import ServiceLifecycle
import Testing

/// A folder that is gone after the test.
func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "servicekit-\(UUID())")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

/// Polls until `condition` holds; the deadline is generous and decides nothing but a failure.
func eventually(
  _ what: Comment, within limit: Duration = .seconds(20),
  sourceLocation: SourceLocation = #_sourceLocation,
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while ContinuousClock.now < deadline {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  Issue.record(what, sourceLocation: sourceLocation)
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs services, hands over to `body`, shuts down gracefully and waits for the end.
func running(
  _ services: [any Service], _ body: (ServiceGroup) async throws -> Void
) async throws {
  let group = ServiceGroup(
    configuration: ServiceGroupConfiguration(services: services, logger: quiet))
  async let end: Void = group.run()
  do {
    try await body(group)
  } catch {
    await group.triggerGracefulShutdown()
    throw error
  }
  await group.triggerGracefulShutdown()
  try await end
}

/// The address that a server reports once it listens.
final class Bound: Sendable {
  private let stream: AsyncStream<ListenAddress>
  private let continuation: AsyncStream<ListenAddress>.Continuation

  init() { (stream, continuation) = AsyncStream.makeStream() }

  var report: @Sendable (ListenAddress) async -> Void {
    { [continuation] in continuation.yield($0) }
  }

  var url: String {
    get async throws {
      for await address in stream { return "http://\(address)" }
      throw CancellationError()
    }
  }
}

/// Serves `router` on a free port while `body` runs with the server's address.
func serving(
  _ router: Router<ServiceRequestContext>, _ body: (String) async throws -> Void
) async throws {
  let bound = Bound()
  let server = HTTPServer(
    address: ListenAddress(host: "127.0.0.1", port: 0), router: router, logger: quiet,
    onServerRunning: bound.report)
  try await running([server]) { _ in try await body(try await bound.url) }
}

struct Answer {
  let status: Int
  private let headers: HTTPHeaders
  let body: Data

  init(status: Int, headers: HTTPHeaders, body: Data) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  func header(_ name: String) -> [String] { headers[name] }

  var text: String { String(decoding: body, as: UTF8.self) }

  var json: [String: Any] {
    get throws {
      try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
    }
  }

  /// The list under `errors` of a problem.
  var errors: [[String: Any]] {
    get throws { try #require(try json["errors"] as? [[String: Any]]) }
  }
}

func fetch(
  _ url: String, method: String = "GET", headers: [(String, String)] = [],
  body: HTTPClientRequest.Body? = nil
) async throws -> Answer {
  var request = HTTPClientRequest(url: url)
  request.method = HTTPMethod(rawValue: method)
  request.headers = HTTPHeaders(headers)
  request.body = body
  let response = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
  let body = try await response.body.collect(upTo: 16 << 20)
  return Answer(
    status: Int(response.status.code), headers: response.headers,
    body: Data(body.readableBytesView))
}
