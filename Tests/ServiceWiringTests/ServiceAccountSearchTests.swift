import Contracts
import HTTPTypes
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@Suite struct ServiceAccountSearchTests {
  private func entry(_ id: EntityID) -> ServiceAccountEntry {
    ServiceAccountEntry(
      id: id, name: "crm", roles: ["rep"], secretHash: String(repeating: "0a", count: 32),
      createdAt: .now(), createdBy: "chen.admin")
  }

  private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
    try await withTestDatabase { database in
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: [DirectoryMigrations.set], logger: quiet)
      try await body(database.pool)
    }
  }

  private func write(_ entry: ServiceAccountEntry, _ pool: PostgresPool) async throws {
    try await pool.transaction { try ServiceAccountTable.write(entry, in: $0) }
  }

  @Test func anAccountThatIsOnItsWayIsWaitedFor() async throws {
    try await withTable { pool in
      let id = EntityID.make(at: .now())
      let search = ServiceAccountSearch(pool, patience: .seconds(60))
      async let found = search.find(id)
      try await write(entry(id), pool)
      let account = try await found
      #expect(account?.name == "crm")
    }
  }

  @Test func anOldOrInventedIdIsNotWaitedFor() async throws {
    try await withTable { pool in
      let search = ServiceAccountSearch(pool, patience: .seconds(100_000))
      let lastYear = EntityID.make(at: Instant.now().adding(days: -365))
      let nextYear = EntityID.make(at: Instant.now().adding(days: 365))
      for id in [lastYear, nextYear] {
        let account = try await search.find(id)
        #expect(account == nil)
      }
      try await write(entry(lastYear), pool)
      #expect(try await search.find(lastYear) != nil)
    }
  }

  @Test func patienceAndWaitersAreBounded() async throws {
    try await withTable { pool in
      let id = EntityID.make(at: .now())
      let hurried = try await ServiceAccountSearch(pool, patience: .milliseconds(1)).find(id)
      #expect(hurried == nil)
      let full = ServiceAccountSearch(pool, patience: .seconds(100_000), waitersLimit: 0)
      let turnedAway = try await full.find(id)
      #expect(turnedAway == nil)
    }
  }

  @Test func aDatabaseThatIsAwayIsNoUnknownAccount() async throws {
    let pool = PostgresPool(
      try PostgresConfiguration(
        url: "postgresql://nobody@127.0.0.1:1/none", applicationName: "test", searchPath: "x"),
      size: 1, logger: quiet)
    let problem = await #expect(throws: Problem.self) {
      try await ServiceAccountSearch(pool).find(.make(at: .now()))
    }
    #expect(problem?.status == .serviceUnavailable)
    #expect(problem?.headers[.retryAfter] != nil)
    await pool.close()
  }
}
