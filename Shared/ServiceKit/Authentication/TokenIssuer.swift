import Contracts
import Crypto
package import Foundation

/// Signs tokens with a shared key: for the command line and local installations.
package struct TokenIssuer: Sendable {
  private let key: SymmetricKey
  private let issuer: String
  private let audience: String

  package init(
    keyFile path: String, issuer: String = "sluice", audience: String = "sluice"
  ) throws(KeyFileError) {
    self.key = try loadSharedKey(path: path)
    self.issuer = issuer
    self.audience = audience
  }

  /// A token in compact form, HS256.
  package func token(
    subject: String, roles: [Role], expiresIn: Duration, now: Date = Date()
  ) throws -> String {
    let issuedAt = Int64(now.timeIntervalSince1970)
    let claims = IssuedClaims(
      iss: issuer, aud: audience, sub: subject, roles: roles.map(\.rawValue), iat: issuedAt,
      exp: issuedAt + expiresIn.components.seconds, jti: UUID().uuidString.lowercased())
    let header = Base64URL.encode(Array(#"{"alg":"HS256","typ":"JWT"}"#.utf8))
    let payload = Base64URL.encode(try JSONCoding.encoder.encode(claims))
    let signed = "\(header).\(payload)"
    let mac = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: key)
    return "\(signed).\(Base64URL.encode(mac))"
  }

  /// Writes a new key that only the owner can read. Fails where the file exists.
  package static func createKeyFile(at path: String) throws(KeyFileError) {
    let text = SymmetricKey(size: .bits256).withUnsafeBytes { Base64URL.encode($0) } + "\n"
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw KeyFileError(path: path, reason: String(cString: strerror(errno)))
    }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try file.write(contentsOf: Data(text.utf8))
      try file.close()
    } catch {
      throw KeyFileError(path: path, reason: "\(error)")
    }
  }
}

private struct IssuedClaims: Encodable {
  let iss: String
  let aud: String
  let sub: String
  let roles: [String]
  let iat: Int64
  let exp: Int64
  let jti: String
}
