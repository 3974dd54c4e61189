package import Foundation

/// How the bearer tokens of callers are checked.
package struct TokenConfiguration: Sendable, Hashable {
  package enum KeySource: Sendable, Hashable {
    /// A JSON Web Key Set of an identity provider.
    case jwks(URL)
    /// Path of a file with a shared key, as ``TokenIssuer/createKeyFile(at:)`` writes it.
    case keyFile(String)
  }

  package let source: KeySource
  package let issuer: String
  package let audience: String

  package init(source: KeySource, issuer: String = "sluice", audience: String = "sluice") {
    self.source = source
    self.issuer = issuer
    self.audience = audience
  }

  /// Reads the variables; what is wrong is noted in `reader`, whose `finish` throws.
  package init(reading reader: inout ConfigurationReader) {
    let url = reader.value(
      ConfigurationKeys.jwksURL, expected: "must be an http:// or https:// address"
    ) { text -> URL? in
      guard let url = URL(string: text), ["http", "https"].contains(url.scheme),
        url.host()?.isEmpty == false
      else { return nil }
      return url
    }
    let path = reader.value(
      ConfigurationKeys.jwtKeyFile, expected: "must be a file that this process can read"
    ) { FileManager.default.isReadableFile(atPath: $0) ? $0 : nil }
    let given = [ConfigurationKeys.jwksURL, ConfigurationKeys.jwtKeyFile].filter {
      reader.string($0) != nil
    }
    if given.isEmpty {
      reader.refuse(
        ConfigurationKeys.jwksURL, nil,
        expected: "must be set, or SLUICE_JWT_KEY_FILE instead of it")
    } else if given.count == 2 {
      reader.refuse(
        ConfigurationKeys.jwtKeyFile, path,
        expected: "must not be set together with SLUICE_JWKS_URL")
    }
    self.source = url.map { .jwks($0) } ?? .keyFile(path ?? "")
    self.issuer = reader.required(ConfigurationKeys.issuer)
    self.audience = reader.required(ConfigurationKeys.audience)
  }
}
