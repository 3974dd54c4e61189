/// What a caller may do; `sub` and `roles` are all that a JWT says.
package enum Role: String, CaseIterable, Codable, Sendable {
  case rep, manager, admin, viewer, publisher
}

/// A caller whose token was checked.
package struct Principal: Sendable, Hashable {
  package let subject: String
  package let roles: Set<Role>
  /// The `jti` claim, or the id of the service account.
  package let tokenID: String?
  /// Requests per second; nil for what everybody may.
  package let rateLimit: Double?

  package init(
    subject: String, roles: Set<Role>, tokenID: String? = nil, rateLimit: Double? = nil
  ) {
    self.subject = subject
    self.roles = roles
    self.tokenID = tokenID
    self.rateLimit = rateLimit
  }
}

/// Why a request is not authenticated.
package struct AuthenticationFailure: Error, Sendable, Hashable, CustomStringConvertible {
  /// Which check failed, in printable ASCII without quotes; nil where there was no token.
  package let reason: String?

  package static let missing = AuthenticationFailure(reason: nil)

  /// - Parameter reason: may quote the token; what a header cannot carry is replaced.
  package init(_ reason: String) {
    self.reason = String(
      reason.unicodeScalars.prefix(200).map {
        $0.value >= 0x20 && $0.value < 0x7f && $0 != "\"" && $0 != "\\" ? Character($0) : "?"
      })
  }

  private init(reason: String?) { self.reason = reason }

  package var description: String { reason ?? "no token" }
}
