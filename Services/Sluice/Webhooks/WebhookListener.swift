import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import ServiceKit
import Synchronization

/// Receives webhooks and writes one line for each.
final class WebhookListener: Sendable {
  static let path = "/webhooks"

  private let verifier = Mutex<WebhookVerifier?>(nil)
  private let write: @Sendable (String) -> Void

  init(write: @escaping @Sendable (String) -> Void) { self.write = write }

  /// Until then whatever comes is asked to come again.
  func begin(with verifier: WebhookVerifier) { self.verifier.withLock { $0 = verifier } }

  func add(to router: Router<ServiceRequestContext>) {
    router.post("webhooks") { [self] request, context -> HTTPResponse.Status in
      guard let verifier = verifier.withLock({ $0 }) else { return .serviceUnavailable }
      let buffer = try await request.body.collect(upTo: context.maxUploadSize)
      let body = Array(buffer.readableBytesView)
      let now = Instant.now()
      let id = request.headers[.webhookID]
      let verdict = verifier.verify(
        id: id, timestamp: request.headers[.webhookTimestamp],
        signature: request.headers[.webhookSignature], body: body,
        now: now.microseconds / 1_000_000)
      switch verdict {
      case .genuine:
        write(Self.line(at: now, id: id ?? "", body: body))
        return .noContent
      case .refused(let reason):
        write("\(now)  refused: \(reason)")
        return .unauthorized
      }
    }
  }

  /// What a person wants to see of a webhook: when, what, which deal, from where to where, and the
  /// identity that every attempt carries.
  static func line(at now: Instant, id: String, body: [UInt8]) -> String {
    let payload = (try? JSONCoding.decode(JSONValue.self, from: body)) ?? .null
    let data = payload["data"]
    var parts = [now.description, payload["type"].text ?? "an unknown type"]
    if let event = payload["id"].text { parts.append("event \(event)") }
    if let deal = data["opportunityId"].text { parts.append("deal \(deal)") }
    if let name = data["name"].text { parts.append("“\(name)”") }
    if let to = data["to"].text { parts.append("\(data["from"].text ?? "new") → \(to)") }
    if let words = data["evidence"]["words"].text { parts.append("because of “\(words)”") }
    parts.append("signature verified, \(id)")
    return parts.joined(separator: "  ")
  }
}

extension JSONValue {
  fileprivate subscript(_ member: String) -> JSONValue {
    if case .object(let members) = self { members[member] ?? .null } else { .null }
  }

  fileprivate var text: String? {
    if case .string(let text) = self { text } else { nil }
  }
}

extension HTTPField.Name {
  static let webhookID = HTTPField.Name("webhook-id")!
  static let webhookTimestamp = HTTPField.Name("webhook-timestamp")!
  static let webhookSignature = HTTPField.Name("webhook-signature")!
}
