import Contracts
import Crypto
import Foundation

/// Identities made of what they stand for, so that doing something again makes nothing new: UUIDs of
/// version 8 (RFC 9562, section 5.8) out of SHA-256.
enum DerivedID {
  /// - Parameter parts: in their order; none holds U+0000, which keeps them apart.
  static func make(_ parts: String...) -> EntityID {
    var digest = Array(SHA256.hash(data: Data(parts.joined(separator: "\0").utf8)).prefix(16))
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return EntityID(digest.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) })
  }

  /// `source` and `id` of a CloudEvent are its identity.
  static func activity(source: String, id: String) -> EntityID { make("activity", source, id) }

  /// - Parameter attempt: from 1; an activity that was put back is recorded under another command.
  static func recording(_ activity: EntityID, attempt: Int) -> EntityID {
    make("record-activity", activity.description, "\(attempt)")
  }

  /// - Parameter attempt: the activity's.
  static func proposal(
    _ activity: EntityID, attempt: Int, of deal: EntityID, to stage: String
  ) -> EntityID {
    make("proposal", activity.description, "\(attempt)", deal.description, stage)
  }

  static func move(_ proposal: EntityID) -> EntityID { make("move", proposal.description) }

  static func reversal(_ proposal: EntityID) -> EntityID { make("revert", proposal.description) }

  static func notice(_ proposal: EntityID) -> EntityID { make("notice", proposal.description) }
}
