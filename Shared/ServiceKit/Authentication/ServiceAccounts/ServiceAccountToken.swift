package import Contracts
import Crypto
import Foundation

/// The token of a service account: `slk_<account id without dashes>_<secret>`, the secret being 32
/// random bytes as base64url.
package struct ServiceAccountToken: Sendable {
  package static let prefix = "slk_"

  package let account: EntityID
  private let secret: String

  /// A new token; nothing but its hash may be kept.
  package static func make(for account: EntityID) -> ServiceAccountToken {
    let secret = SymmetricKey(size: .bits256).withUnsafeBytes { Base64URL.encode($0) }
    return ServiceAccountToken(account: account, secret: secret)
  }

  private init(account: EntityID, secret: String) {
    self.account = account
    self.secret = secret
  }

  /// Nil for anything but the one way to write a token.
  package init?(_ text: String) {
    let bytes = text.utf8.prefix(81)
    guard bytes.count == 80, text.hasPrefix(Self.prefix) else { return nil }
    let digits = String(decoding: bytes.dropFirst(4).prefix(32), as: UTF8.self)
    let secret = String(decoding: bytes.suffix(43), as: UTF8.self)
    guard bytes.dropFirst(36).first == UInt8(ascii: "_"),
      let account = EntityID(Self.dashed(digits)), Self.undashed(account) == digits,
      Base64URL.decode(secret)?.count == 32
    else { return nil }
    self.init(account: account, secret: secret)
  }

  /// What the caller sends; to be shown once and kept nowhere.
  package var text: String { "\(Self.prefix)\(Self.undashed(account))_\(secret)" }

  /// SHA-256 of the secret as it is written, in hexadecimal digits.
  package var secretHash: String {
    digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// Compares in constant time.
  package func matches(secretHash: [UInt8]) -> Bool { digest == Data(secretHash) }

  private var digest: SHA256Digest { SHA256.hash(data: Data(secret.utf8)) }

  private static func undashed(_ id: EntityID) -> String {
    id.description.replacing("-", with: "")
  }

  private static func dashed(_ digits: String) -> String {
    var rest = digits[...]
    return [8, 4, 4, 4, 12].map { length in
      defer { rest = rest.dropFirst(length) }
      return String(rest.prefix(length))
    }.joined(separator: "-")
  }
}

extension ServiceAccountToken: CustomStringConvertible, CustomReflectable {
  /// Fit for a log: without the secret.
  package var description: String { "\(Self.prefix)\(Self.undashed(account))_…" }
  package var customMirror: Mirror { Mirror(self, children: ["account": account]) }
}
