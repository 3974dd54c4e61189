import Contracts

/// Turns the tokens of service accounts into callers.
package struct ServiceAccountVerifier: Sendable {
  private let accounts: ServiceAccountCache

  package init(_ accounts: ServiceAccountCache) { self.accounts = accounts }

  /// Throws ``AuthenticationFailure`` where a check fails, and what the look-up throws.
  func principal(bearer text: String) async throws -> Principal {
    guard let token = ServiceAccountToken(text) else {
      throw AuthenticationFailure("the token is malformed")
    }
    // One answer for a wrong id and a wrong secret; only who has the secret learns of a revocation.
    guard let account = try await accounts.account(token.account),
      token.matches(secretHash: account.secretHash)
    else { throw AuthenticationFailure("no service account has this token") }
    guard !account.isRevoked else {
      throw AuthenticationFailure("the token of the service account was revoked")
    }
    return Principal(
      subject: "service:\(account.name)", roles: account.roles,
      tokenID: account.id.description, rateLimit: account.rateLimit)
  }
}
