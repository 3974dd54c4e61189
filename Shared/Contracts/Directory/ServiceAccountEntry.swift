/// A service account as `directory.v1` tells of it; the last entry of a key is the one that holds.
package struct ServiceAccountEntry: Codable, Hashable, Sendable {
  package static let type = "sluice.service-account-changed.v1"

  package var id: EntityID
  package var name: String
  /// Names of roles, as tokens carry them.
  package var roles: [String]
  /// SHA-256 of the secret part of its token, in hexadecimal digits; the token itself is nowhere.
  package var secretHash: String
  /// Requests per second; nil: what the service allows everybody.
  package var rateLimit: Double?
  package var createdAt: Instant
  package var createdBy: String
  package var revokedAt: Instant?

  package init(
    id: EntityID, name: String, roles: [String], secretHash: String, rateLimit: Double? = nil,
    createdAt: Instant, createdBy: String, revokedAt: Instant? = nil
  ) {
    self.id = id
    self.name = name
    self.roles = roles
    self.secretHash = secretHash
    self.rateLimit = rateLimit
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.revokedAt = revokedAt
  }
}

extension ServiceAccountEntry: TopicPayload {
  package static var topic: Topic { .directory }
  package var messageKey: String { "service-account:\(id)" }
  package var messageID: String { "\(messageKey):\(revokedAt == nil ? "created" : "revoked")" }
  package var messageType: String { ServiceAccountEntry.type }
  package var messageTime: Instant? { revokedAt ?? createdAt }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(self) }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> ServiceAccountEntry? {
    event.type == type ? try JSONCoding.decode(ServiceAccountEntry.self, from: data) : nil
  }
}
