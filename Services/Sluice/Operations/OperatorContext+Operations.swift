import Kafka
import Postgres

extension OperatorContext {
  /// Lends an admin client and frees it.
  func withKafkaAdmin<Result>(_ body: (KafkaAdmin) async throws -> Result) async throws -> Result {
    let admin = try KafkaAdmin(try kafkaConfiguration(), logger: logger)
    let result: Result
    do {
      result = try await body(admin)
    } catch {
      await admin.close(within: .seconds(5))
      throw error
    }
    await admin.close(within: .seconds(5))
    return result
  }

  /// Lends a pool of one connection whose search path is the schema of a service
  /// (`stage_service`, `forecasting`), and closes it. Throws ``MissingTables`` where the service has
  /// left none.
  func withDatabase<Result>(
    schema: String, _ body: (PostgresPool) async throws -> Result
  ) async throws -> Result {
    let pool = PostgresPool(
      try postgresConfiguration(schema: schema), size: 1, logger: logger)
    let result: Result
    do {
      result = try await body(pool)
    } catch {
      await pool.close()
      if let error = error as? PostgresError, error.sqlState == "42P01" {
        throw MissingTables(schema: try schemaPrefix + schema)
      }
      throw error
    }
    await pool.close()
    return result
  }
}

/// A schema without the tables of its service.
struct MissingTables: OperatorError {
  let schema: String

  var status: ExitStatus { .unavailable }

  var explanation: String {
    "the schema \(schema) lacks tables: its service makes them when it starts; has it run with this "
      + "database, and is SLUICE_SCHEMA_PREFIX right?"
  }
}
