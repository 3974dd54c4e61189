package import Contracts
package import Messaging
package import Postgres

/// Keeps what `directory.v1` tells of service accounts; every service has one. The entries of other
/// kinds are passed over: they are known, but nothing here needs them.
package struct DirectoryHandler: BatchHandler {
  package let topics: [Topic] = [.directory]
  package let isDurable = false

  package init() {}

  /// The topic's order is the order of changes, so that each message is written as it comes.
  package func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    for message in batch.messages {
      do {
        switch try ServiceAccountEntry.read(message.wire) {
        case .payload(let entry, _):
          try ServiceAccountTable.write(entry, in: transaction)
          outcome.applied += 1
        case .tombstone:
          if let id = Self.account(message.wire.key) {
            try ServiceAccountTable.remove(id, in: transaction)
          }
          outcome.tombstones += 1
        case .unknownType(let type):
          if !DirectoryEntry.types.contains(type) { outcome.unknownTypes += 1 }
        }
      } catch let failure as MessageFailure {
        outcome.deadLetters.append(DeadLetter(message: message, failure: failure))
      }
    }
    return outcome
  }

  /// Nil for the keys of other kinds.
  private static func account(_ key: [UInt8]?) -> EntityID? {
    let parts = String(decoding: key ?? [], as: UTF8.self).split(separator: ":")
    guard parts.count == 2, parts[0] == "service-account" else { return nil }
    return EntityID(String(parts[1]))
  }
}
