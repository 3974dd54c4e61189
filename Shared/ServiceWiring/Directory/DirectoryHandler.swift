package import Contracts
package import Messaging
package import Postgres

/// Keeps what `directory.v1` tells: service accounts in every service, people, teams and calendars in
/// those that mirror them. The entries of other kinds are passed over: they are known, but nothing
/// here needs them.
package struct DirectoryHandler: BatchHandler {
  package let topics: [Topic] = [.directory]
  package let isDurable = false
  private let mirrors: Bool

  /// - Parameter mirrors: whether the tables of ``DirectoryMigrations/mirror`` are to be kept.
  package init(mirrors: Bool) { self.mirrors = mirrors }

  /// The topic's order is the order of changes, so that each message is written as it comes.
  package func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    var isChanged = false
    for message in batch.messages {
      do {
        switch try DirectoryEntry.read(message.wire) {
        case .payload(let entry, _):
          if try take(entry, &isChanged, in: transaction) { outcome.applied += 1 }
        case .tombstone:
          try remove(message.wire.key, &isChanged, in: transaction)
          outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch let failure as MessageFailure {
        outcome.deadLetters.append(DeadLetter(message: message, failure: failure))
      }
    }
    if isChanged { try DirectoryMirror.raiseRevision(in: transaction) }
    return outcome
  }

  /// Returns whether entries of this kind are kept here.
  private func take(
    _ entry: DirectoryEntry, _ isChanged: inout Bool,
    in transaction: borrowing PostgresTransaction
  ) throws -> Bool {
    let isNew: Bool
    switch entry {
    case .serviceAccount(let account):
      try ServiceAccountTable.write(account, in: transaction)
      return true
    case .exchangeRates: return false
    case .person(let person):
      guard mirrors else { return false }
      isNew = try DirectoryMirror.write(person, in: transaction)
    case .team(let team):
      guard mirrors else { return false }
      isNew = try DirectoryMirror.write(team, in: transaction)
    case .calendar(let calendar):
      guard mirrors else { return false }
      isNew = try DirectoryMirror.write(calendar, in: transaction)
    }
    if isNew { isChanged = true }
    return true
  }

  /// The key alone says what is to go; those of other kinds mean nothing here.
  private func remove(
    _ key: [UInt8]?, _ isChanged: inout Bool, in transaction: borrowing PostgresTransaction
  ) throws {
    let parts = String(decoding: key ?? [], as: UTF8.self).split(separator: ":")
    guard parts.count == 2 else { return }
    let (kind, id) = (String(parts[0]), String(parts[1]))
    if kind == "service-account" {
      if let id = EntityID(id) { try ServiceAccountTable.remove(id, in: transaction) }
    } else if mirrors, DirectoryMirror.kinds.contains(kind), DirectoryID.isValid(id) {
      if try DirectoryMirror.remove(kind, id, in: transaction) { isChanged = true }
    }
  }
}
