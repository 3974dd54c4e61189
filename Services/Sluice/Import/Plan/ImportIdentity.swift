import Contracts
import Crypto

/// Identities that are the same at every repeat: UUIDv7 of the original time, with the random bits
/// taken from SHA-256 of where the deal comes from.
struct ImportIdentity: Sendable {
  let source: String
  let externalId: String

  /// Stands for an original time that nobody knows.
  static let unknownTime = Instant(milliseconds: 946_684_800_000)  // 2000-01-01

  func opportunity(at time: Instant?) -> EntityID {
    derive("opportunity|\(source)|\(externalId)", time)
  }

  /// - Parameter ordinal: the row's place in the deal's own history, from 0.
  func command(_ ordinal: Int, at time: Instant?) -> EntityID {
    derive("command|\(source)|\(externalId)|\(ordinal)", time)
  }

  private func derive(_ text: String, _ time: Instant?) -> EntityID {
    let digest = Array(SHA256.hash(data: Array(text.utf8)))
    func word(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    return .v7(
      at: time ?? ImportIdentity.unknownTime, entropy: (word(digest[0..<8]), word(digest[8..<16])))
  }
}
