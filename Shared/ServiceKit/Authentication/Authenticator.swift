import Crypto
package import Foundation
import JWTKit
package import Logging

/// Turns bearer tokens into callers.
package struct Authenticator: Sendable {
  private enum Keys: Sendable {
    case shared(SymmetricKey)
    case published(JWKSCache)
  }

  private let keys: Keys
  private let issuer: String
  private let audience: String
  private let skew: Double
  private let now: @Sendable () -> Date
  private let serviceAccounts: ServiceAccountVerifier?
  private let verified = VerifiedTokens()
  /// Nil where nobody counts requests.
  let rateLimiter: RateLimiter?

  /// - Parameters:
  ///   - serviceAccounts: nil where only JWTs are accepted.
  ///   - skew: seconds by which the clocks of issuer and checker may differ.
  ///   - refreshPause: least time between two attempts to fetch published keys.
  ///   - now: the clock that tokens expire by.
  package init(
    _ configuration: TokenConfiguration, serviceAccounts: ServiceAccountVerifier? = nil,
    rateLimiter: RateLimiter? = nil, skew: Double = 30, refreshPause: Duration = .seconds(30),
    logger: Logger = Logger(label: "authentication"),
    now: @escaping @Sendable () -> Date = { Date() }
  ) throws(KeyFileError) {
    switch configuration.source {
    case .keyFile(let path): keys = .shared(try loadSharedKey(path: path))
    case .jwks(let url): keys = .published(JWKSCache(url: url, logger: logger, pause: refreshPause))
    }
    self.issuer = configuration.issuer
    self.audience = configuration.audience
    self.skew = skew
    self.now = now
    self.serviceAccounts = serviceAccounts
    self.rateLimiter = rateLimiter
  }

  /// The caller that a token names. Throws ``AuthenticationFailure`` where a check fails, and a
  /// 503 ``Problem`` while the keys of the identity provider cannot be fetched or service accounts
  /// cannot be looked up.
  package func principal(bearer token: String) async throws -> Principal {
    if token.hasPrefix(ServiceAccountToken.prefix), let serviceAccounts {
      return try await serviceAccounts.principal(bearer: token)
    }
    let now = now()
    if let known = verified.principal(of: token, at: now) { return known }
    let (principal, expiry) = try await verify(try CompactToken(token), at: now)
    verified.remember(principal, of: token, until: expiry, at: now)
    return principal
  }

  /// The caller, and when the token ends.
  private func verify(_ token: CompactToken, at now: Date) async throws -> (Principal, Date) {
    try await verifySignature(token)
    let claims = try token.claims()
    let expiry = try check(claims, at: now)
    guard let subject = claims.sub, !subject.isEmpty else {
      throw AuthenticationFailure("the token has no sub claim")
    }
    // Roles of other applications may stand in the same claim.
    let roles = (claims.roles ?? []).compactMap(Role.init(rawValue:))
    return (Principal(subject: subject, roles: Set(roles), tokenID: claims.jti), expiry)
  }

  /// The key decides which algorithm is right, never the token alone.
  private func verifySignature(_ token: CompactToken) async throws {
    let algorithm = token.header.alg
    let isValid: Bool
    switch keys {
    case .shared(let key):
      guard algorithm == "HS256" else { throw Self.refused(algorithm, expected: "HS256") }
      isValid = HMAC<SHA256>.isValidAuthenticationCode(
        token.signature, authenticating: token.signed, using: key)
    case .published(let cache):
      guard JWKSCache.algorithms.contains(algorithm) else {
        throw Self.refused(
          algorithm, expected: JWKSCache.algorithms.sorted().joined(separator: ", "))
      }
      guard let key = try await cache.key(id: token.header.kid, algorithm: algorithm) else {
        throw AuthenticationFailure(
          "no published key has the id \(token.header.kid ?? "(none)") and takes \(algorithm)")
      }
      isValid = (try? key.verify(token.signature, signs: token.signed)) ?? false
    }
    if !isValid { throw AuthenticationFailure("the signature is wrong") }
  }

  private static func refused(_ algorithm: String, expected: String) -> AuthenticationFailure {
    AuthenticationFailure("the algorithm \(algorithm) is refused: expected \(expected)")
  }

  /// When the token ends.
  private func check(
    _ claims: CompactToken.Claims, at date: Date
  ) throws(AuthenticationFailure) -> Date {
    let now = date.timeIntervalSince1970
    guard let expiry = claims.exp else {
      throw AuthenticationFailure("the token has no exp claim")
    }
    if now >= expiry + skew { throw AuthenticationFailure("the token has expired") }
    if let start = claims.nbf, now < start - skew {
      throw AuthenticationFailure("the token is not valid yet")
    }
    if claims.iss != issuer {
      throw AuthenticationFailure("the issuer is wrong: expected \(issuer)")
    }
    if claims.aud?.values.contains(audience) != true {
      throw AuthenticationFailure("the audience is wrong: expected \(audience)")
    }
    return Date(timeIntervalSince1970: expiry + skew)
  }
}
