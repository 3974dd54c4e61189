import Contracts
import Kafka
import Postgres

/// Where the figures come from: one admin client and one connection per service, kept for as long as
/// the command runs, so that a watch does not connect anew with every tick.
final class LagSource: Sendable {
  private let admin: KafkaAdmin
  private let topicPrefix: String
  private let groups: [ReaderGroup]
  private let pools: [String: PostgresPool]
  private let missing: @Sendable (ReaderGroup) -> MissingTables
  private let timeout: Duration

  init(_ context: OperatorContext, _ groups: [ReaderGroup], timeout: Duration) throws {
    let schemaPrefix = try context.schemaPrefix
    topicPrefix = try context.topicPrefix
    self.groups = groups
    self.timeout = timeout
    missing = { MissingTables(schema: schemaPrefix + $0.schema) }
    pools = try Dictionary(
      uniqueKeysWithValues: groups.map { group in
        (
          group.schema,
          PostgresPool(
            try context.postgresConfiguration(schema: group.schema), size: 1,
            logger: context.logger)
        )
      })
    admin = try KafkaAdmin(try context.kafkaConfiguration(), logger: context.logger)
  }

  func report() async throws -> LagReport {
    let query = LagQuery(admin: admin, topicPrefix: topicPrefix, timeout: timeout) {
      [pools, missing] group, cluster in
      guard let pool = pools[group.schema] else { return [:] }
      do {
        return try await OffsetTable(pool: pool).positions(of: group.name, on: cluster)
      } catch let error as PostgresError where error.sqlState == "42P01" {
        throw missing(group)
      }
    }
    return try await query.run(groups, now: .now())
  }

  func close() async {
    await admin.close(within: .seconds(5))
    for pool in pools.values { await pool.close() }
  }
}
