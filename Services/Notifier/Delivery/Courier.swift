import AsyncHTTPClient
import Contracts
import Foundation
import NIOCore
import NIOHTTP1
import Synchronization

/// How long an attempt may take and how much of an answer is read.
struct CourierLimits: Sendable {
  var connect: Duration = .seconds(5)
  /// From the look-up of the name to the last byte that is read.
  var attempt: Duration = .seconds(15)
  /// Of the answer's body, in bytes; then the connection is dropped.
  var answer = 64 << 10
  /// Of the answer's body, in bytes, for the delivery log.
  var excerpt = 1 << 10
}

/// Makes one attempt: one request to one address that was checked.
struct Courier: Sendable {
  let check: AddressCheck
  let clients: EndpointClients
  let limits: CourierLimits

  init(check: AddressCheck, limits: CourierLimits = CourierLimits(), connections: Int) {
    self.check = check
    self.limits = limits
    clients = EndpointClients(
      connectTimeout: .nanoseconds(Int64(limits.connect / .nanoseconds(1))),
      connections: connections)
  }

  /// Whatever the endpoint does is an outcome; throws only when the task is cancelled.
  func attempt(
    _ delivery: ClaimedDelivery, at now: Instant
  ) async throws(CancellationError) -> AttemptOutcome {
    let answer = AnswerSoFar()
    let race = await withTaskGroup(of: AttemptOutcome?.self) { group in
      group.addTask {
        do {
          return try await send(delivery, at: now) { answer.set($0) }
        } catch {
          return .failed(Courier.explain(error))
        }
      }
      group.addTask {
        try? await Task.sleep(for: limits.attempt)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    if Task.isCancelled { throw CancellationError() }
    // The status line decides, even where the body breaks off or never ends.
    return answer.outcome ?? race ?? .failed("no answer within \(limits.attempt)")
  }

  private func send(
    _ delivery: ClaimedDelivery, at now: Instant,
    onHead: @Sendable (AttemptOutcome) -> Void
  ) async throws -> AttemptOutcome {
    let url = try EndpointURL(delivery.url)
    let addresses = try await check.addresses(of: url)
    // Another one each time, should one of them not answer.
    let address = addresses[delivery.attempts % addresses.count]
    let key = EndpointClients.Key(host: url.host, address: address)
    let client = await clients.borrow(key)
    let outcome: Result<AttemptOutcome, any Error>
    do {
      let response = try await client.execute(
        request(delivery, url, at: now), deadline: .distantFuture)
      outcome = .success(try await read(response, onHead: onHead))
    } catch {
      outcome = .failure(error)
    }
    await clients.giveBack(key)
    return try outcome.get()
  }

  private func request(
    _ delivery: ClaimedDelivery, _ url: EndpointURL, at now: Instant
  ) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url.text)
    request.method = .POST
    request.headers = ["content-type": "application/json", "user-agent": "sluice-notifier/1"]
    let seconds = Int64((Double(now.microseconds) / 1_000_000).rounded(.down))
    for (name, value) in WebhookSignature.headers(
      id: delivery.webhookID, seconds: seconds, body: delivery.body, secrets: delivery.secrets)
    {
      request.headers.add(name: name, value: value)
    }
    request.body = .bytes(delivery.body)
    return request
  }

  private func read(
    _ response: HTTPClientResponse, onHead: @Sendable (AttemptOutcome) -> Void
  ) async throws -> AttemptOutcome {
    var excerpt: [UInt8] = []
    func outcome() -> AttemptOutcome {
      .answered(
        status: Int(response.status.code), retryAfter: response.headers.first(name: "retry-after"),
        location: response.headers.first(name: "location").map { String($0.prefix(500)) },
        excerpt: String(decoding: excerpt, as: UTF8.self).replacing("\0", with: "\u{FFFD}"))
    }
    onHead(outcome())
    var size = 0
    for try await part in response.body {
      size += part.readableBytes
      excerpt += part.readableBytesView.prefix(limits.excerpt - excerpt.count)
      onHead(outcome())
      if size >= limits.answer { break }
    }
    return outcome()
  }

  private static func explain(_ error: any Error) -> String {
    switch error {
    case let objection as EndpointURL.Objection: "the URL \(objection.message.en)"
    case let error as HTTPClientError where error == .connectTimeout:
      "no connection within the time allowed"
    default: String("\(error)".replacing("\0", with: "\u{FFFD}").prefix(500))
    }
  }
}

/// What has been read of an answer.
private final class AnswerSoFar: Sendable {
  private let state = Mutex<AttemptOutcome?>(nil)

  var outcome: AttemptOutcome? { state.withLock { $0 } }

  func set(_ outcome: AttemptOutcome) { state.withLock { $0 = outcome } }
}
