import Contracts
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// What `directory.v1` does to a service's table.
@Suite struct DirectoryHandlerTests {
  private static let start = Instant("2026-03-02T09:00:00Z")!

  private func entry(
    _ number: UInt64 = 1, name: String = "crm", roles: [String] = ["publisher"],
    rateLimit: Double? = nil, revoked: Bool = false
  ) -> ServiceAccountEntry {
    ServiceAccountEntry(
      id: .v7(at: Self.start, entropy: (0, number)), name: name, roles: roles,
      secretHash: String(repeating: "0A", count: 32), rateLimit: rateLimit, createdAt: Self.start,
      createdBy: "chen.admin", revokedAt: revoked ? Self.start.adding(seconds: 60) : nil)
  }

  private func tombstone(_ key: String?) -> WireMessage {
    WireMessage(key: key.map { Array($0.utf8) }, value: nil, headers: [])
  }

  /// A fresh table, and a function that applies messages in one batch.
  private func withTable(
    _ body: (PostgresPool, @Sendable ([WireMessage]) async throws -> BatchOutcome) async throws ->
      Void
  ) async throws {
    try await withTestDatabase { database in
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: [DirectoryMigrations.set], logger: quiet)
      try await body(database.pool) { [pool = database.pool] messages in
        let batch = ConsumedBatch(
          topic: .directory, partition: 0,
          messages: messages.enumerated().map {
            ConsumedMessage(offset: Int64($0.offset), timestamp: nil, wire: $0.element)
          })
        return try await pool.transaction { transaction in
          try DirectoryHandler(mirrors: false).handle(batch, in: transaction, now: Self.start)
        }
      }
    }
  }

  private func wire(_ entries: ServiceAccountEntry...) throws -> [WireMessage] {
    try entries.map { try $0.wireMessage(source: "/sluice/stage-service") }
  }

  @Test func anEntryBecomesAnAccount() async throws {
    try await withTable { pool, apply in
      let entry = entry(roles: ["publisher", "viewer", "of-tomorrow"], rateLimit: 2.5)
      #expect(try await ServiceAccountTable.find(entry.id, in: pool) == nil)
      let outcome = try await apply(try wire(entry))
      #expect(outcome.applied == 1)
      let account = try await ServiceAccountTable.find(entry.id, in: pool)
      #expect(
        account
          == ServiceAccount(
            id: entry.id, name: "crm", roles: ["publisher", "viewer"],
            secretHash: Array(repeating: 0x0A, count: 32), rateLimit: 2.5, isRevoked: false))
    }
  }

  @Test func aRevocationHoldsWhateverComesAgain() async throws {
    try await withTable { pool, apply in
      let messages = try wire(entry(), entry(revoked: true))
      _ = try await apply(messages)
      #expect(try await ServiceAccountTable.find(entry().id, in: pool)?.isRevoked == true)
      // The whole run once more, and the old entry alone.
      _ = try await apply(messages)
      _ = try await apply([messages[0]])
      #expect(try await ServiceAccountTable.find(entry().id, in: pool)?.isRevoked == true)
      let count = try await pool.query("SELECT count(*) FROM service_accounts")
      #expect(try count.first?.decode(0, as: Int64.self) == 1)
    }
  }

  @Test func theLastEntryHoldsInOneBatchAsInMany() async throws {
    try await withTable { pool, apply in
      _ = try await apply(
        try wire(entry(), entry(2), entry(name: "portal", roles: ["rep"], rateLimit: 7)))
      let account = try await ServiceAccountTable.find(entry().id, in: pool)
      #expect(account?.name == "portal")
      #expect(account?.roles == [.rep])
      #expect(account?.rateLimit == 7)
      _ = try await apply(try wire(entry()))
      #expect(try await ServiceAccountTable.find(entry().id, in: pool)?.rateLimit == nil)
    }
  }

  @Test func aTombstoneRemovesItsAccountOnly() async throws {
    try await withTable { pool, apply in
      _ = try await apply(try wire(entry(), entry(2)))
      let outcome = try await apply(
        [
          tombstone(entry().messageKey), tombstone("team:east"), tombstone(nil),
          tombstone("service-account:nonsense"), tombstone(entry(2).id.description),
        ])
      #expect(outcome.tombstones == 5)
      #expect(outcome.deadLetters.isEmpty)
      #expect(try await ServiceAccountTable.find(entry().id, in: pool) == nil)
      #expect(try await ServiceAccountTable.find(entry(2).id, in: pool) != nil)
      // Made again later in the log.
      _ = try await apply(try wire(entry()))
      #expect(try await ServiceAccountTable.find(entry().id, in: pool) != nil)
    }
  }

  @Test func unknownTypesAreCountedAndBadEntriesSetAside() async throws {
    try await withTable { pool, apply in
      var short = entry(3)
      short.secretHash = "0a"
      var odd = entry(4)
      odd.secretHash = String(repeating: "xy", count: 32)
      let other = CloudEvent(id: "1", source: "/s", type: "sluice.robot-changed.v1")
        .binary(key: "robot:east", data: Array("{}".utf8))
      let broken = CloudEvent(id: "2", source: "/s", type: ServiceAccountEntry.type)
        .binary(key: "service-account:x", data: Array(#"{"id":"x"}"#.utf8))
      let noEvent = WireMessage(key: nil, value: [0xFF], headers: [])
      let outcome = try await apply(
        [other, broken] + wire(short, odd) + [noEvent] + wire(entry()))
      #expect(outcome.unknownTypes == 1)
      #expect(outcome.applied == 1)
      #expect(
        outcome.deadLetters.map(\.failure.code) == [
          .invalidData, .invalidData, .invalidData, .notAnEvent,
        ])
      #expect(outcome.deadLetters.map(\.message.offset) == [1, 2, 3, 4])
      #expect(try await ServiceAccountTable.find(entry().id, in: pool) != nil)
    }
  }

  @Test func entriesOfOtherKindsArePassedOver() async throws {
    try await withTable { _, apply in
      let person = PersonEntry(
        id: "li.na", name: "李娜", changedAt: Self.start, changedBy: "chen.admin")
      let calendar = CalendarEntry(
        id: "cn", calendar: .china, changedAt: Self.start, changedBy: "chen.admin")
      let outcome = try await apply(
        [try person.wireMessage(source: "/s"), try calendar.wireMessage(source: "/s")]
          + wire(entry()))
      #expect(outcome.unknownTypes == 0)
      #expect(outcome.deadLetters.isEmpty)
      #expect(outcome.applied == 1)
    }
  }

  /// A text that no column can hold is the message's fault: the loop buries that message alone.
  @Test func aTextWithAnullCharacterIsRefusedByTheDatabase() async throws {
    try await withTable { _, apply in
      let error = await #expect(throws: PostgresError.self) {
        try await apply(try wire(entry(name: "a\u{0}b")))
      }
      #expect(error?.sqlState?.hasPrefix("22") == true)
    }
  }
}
