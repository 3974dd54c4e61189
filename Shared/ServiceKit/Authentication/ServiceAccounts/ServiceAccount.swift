package import Contracts

/// A machine that may call the services, as far as its requests are concerned.
package struct ServiceAccount: Sendable, Hashable {
  /// What a machine may be; administration is for people.
  package static let roles: [Role] = [.publisher, .viewer, .rep, .manager]

  package let id: EntityID
  /// The subject of its requests is `service:<name>`.
  package let name: String
  package let roles: Set<Role>
  /// SHA-256 of the secret of its token.
  package let secretHash: [UInt8]
  /// Requests per second; nil for what everybody may.
  package let rateLimit: Double?
  package let isRevoked: Bool

  /// - Parameter roles: names; those that a machine cannot have count for nothing.
  package init(
    id: EntityID, name: String, roles: [String], secretHash: [UInt8], rateLimit: Double?,
    isRevoked: Bool
  ) {
    self.id = id
    self.name = name
    self.roles = Set(Self.roles.filter { roles.contains($0.rawValue) })
    self.secretHash = secretHash
    self.rateLimit = rateLimit
    self.isRevoked = isRevoked
  }
}
