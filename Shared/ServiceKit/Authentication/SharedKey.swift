package import Crypto
import Foundation

/// The key file cannot be used.
package struct KeyFileError: Error, Sendable, CustomStringConvertible {
  package let path: String
  package let reason: String

  package var description: String { "key file \(path): \(reason)" }
}

/// Reads the key that issuer and checker of tokens share: 32 bytes or more as base64url.
package func loadSharedKey(path: String) throws(KeyFileError) -> SymmetricKey {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw KeyFileError(path: path, reason: "cannot be read")
  }
  let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  guard let key = Base64URL.decode(text) else {
    throw KeyFileError(path: path, reason: "is not base64url")
  }
  guard key.count >= 32 else {
    throw KeyFileError(path: path, reason: "holds \(key.count) bytes; 32 are the least")
  }
  return SymmetricKey(data: key)
}
