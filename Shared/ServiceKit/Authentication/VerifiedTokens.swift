import Foundation
import Synchronization

/// Tokens that were verified a moment ago, so that a client that asks a hundred times a second is not
/// verified a hundred times.
///
/// What it says is as good as verifying again but for one thing: a key that its issuer has withdrawn
/// goes on counting for `lifetime`.
final class VerifiedTokens: Sendable {
  static let lifetime: TimeInterval = 5
  private static let capacity = 10_000

  private struct Entry {
    var principal: Principal
    var until: Date
  }

  private let entries = Mutex<[String: Entry]>([:])

  func principal(of token: String, at now: Date) -> Principal? {
    entries.withLock { entries in
      guard let entry = entries[token], now < entry.until else { return nil }
      return entry.principal
    }
  }

  /// - Parameter expiry: when the token itself ends.
  func remember(_ principal: Principal, of token: String, until expiry: Date, at now: Date) {
    let until = min(expiry, now + VerifiedTokens.lifetime)
    entries.withLock { entries in
      if entries.count >= VerifiedTokens.capacity {
        entries = entries.filter { now < $0.value.until }
        if entries.count >= VerifiedTokens.capacity { entries = [:] }
      }
      entries[token] = Entry(principal: principal, until: until)
    }
  }
}
