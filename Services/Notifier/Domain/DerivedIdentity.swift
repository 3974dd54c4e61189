import Contracts
import Crypto
import Foundation

/// Identities that follow from what they stand for, so that doing a thing twice does it once.
enum DerivedIdentity {
  /// Of one event on its way to one subscription.
  static func delivery(of event: OutgoingEvent, to subscription: EntityID) -> EntityID {
    id(at: event.recordedAt, "delivery", subscription.description, event.id.description)
  }

  /// Of the notice that a deal's deadline passed.
  static func missedFollowUp(of opportunity: EntityID, dueAt: Instant) -> EntityID {
    id(at: dueAt, "missed-follow-up", opportunity.description, dueAt.description)
  }

  private static func id(at time: Instant, _ parts: String...) -> EntityID {
    let digest = SHA256.hash(data: Data(parts.joined(separator: "\n").utf8))
    let bytes = Array(digest)
    func word(_ start: Int) -> UInt64 {
      bytes[start..<start + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    return .v7(at: time, entropy: (word(0), word(8)))
  }
}
