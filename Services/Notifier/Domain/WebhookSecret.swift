import Crypto
import Foundation

/// What a webhook is signed with: on the wire `whsec_` and the base64 of the key.
struct WebhookSecret: Hashable, Sendable {
  static let prefix = "whsec_"

  let key: [UInt8]

  init(key: [UInt8]) { self.key = key }

  /// A new one: 32 bytes of the system's generator.
  static func make() -> WebhookSecret {
    var generator = SystemRandomNumberGenerator()
    return WebhookSecret(key: (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  var text: String { WebhookSecret.prefix + Data(key).base64EncodedString() }
}

/// The headers of Standard Webhooks (version 1, symmetric).
enum WebhookSignature {
  /// - Parameters:
  ///   - id: the same at every attempt.
  ///   - seconds: of the attempt, since 1970.
  ///   - secrets: the newest first; the receiver accepts whichever it knows.
  static func headers(
    id: String, seconds: Int64, body: [UInt8], secrets: [WebhookSecret]
  ) -> [(name: String, value: String)] {
    [
      ("webhook-id", id), ("webhook-timestamp", "\(seconds)"),
      (
        "webhook-signature",
        secrets.map { sign(id: id, seconds: seconds, body: body, with: $0) }.joined(separator: " ")
      ),
    ]
  }

  static func sign(
    id: String, seconds: Int64, body: [UInt8], with secret: WebhookSecret
  ) -> String {
    var code = HMAC<SHA256>(key: SymmetricKey(data: secret.key))
    code.update(data: Data("\(id).\(seconds).".utf8))
    code.update(data: Data(body))
    return "v1," + Data(code.finalize()).base64EncodedString()
  }
}
