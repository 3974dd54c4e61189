import Crypto
import Foundation

/// Checks what Standard Webhooks asks a receiver to check: the signature over
/// `id.timestamp.body`, and that the time is near.
struct WebhookVerifier: Sendable {
  enum Verdict: Hashable, Sendable {
    case genuine
    /// What does not hold, in words.
    case refused(String)
  }

  /// Seconds that the sender's clock may differ.
  static let tolerance: Int64 = 300

  private let keys: [SymmetricKey]

  /// - Parameter secrets: `whsec_` and base64, as the subscription showed them; any of them will do.
  ///   Nil when one is not of that form.
  init?(secrets: [String]) {
    var keys: [SymmetricKey] = []
    for secret in secrets {
      guard secret.hasPrefix("whsec_"),
        let bytes = Data(base64Encoded: String(secret.dropFirst("whsec_".count))), !bytes.isEmpty
      else { return nil }
      keys.append(SymmetricKey(data: bytes))
    }
    guard !keys.isEmpty else { return nil }
    self.keys = keys
  }

  /// - Parameters:
  ///   - signature: the header's value, several signatures separated by blanks.
  ///   - now: seconds since 1970.
  func verify(
    id: String?, timestamp: String?, signature: String?, body: [UInt8], now: Int64
  ) -> Verdict {
    guard let id, let timestamp, let signature else {
      return .refused("webhook-id, webhook-timestamp or webhook-signature is missing")
    }
    guard let time = Int64(timestamp), abs(now - time) <= Self.tolerance else {
      return .refused("the timestamp \(timestamp) is not within \(Self.tolerance) s of now")
    }
    let signed = Array("\(id).\(timestamp).".utf8) + body
    for text in signature.split(separator: " ") where text.hasPrefix("v1,") {
      guard let code = Data(base64Encoded: String(text.dropFirst(3))) else { continue }
      for key in keys
      where HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: signed, using: key) {
        return .genuine
      }
    }
    return .refused("no signature fits the secret")
  }
}
