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
  /// (`stage_service`, `forecasting`), and closes it.
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
      throw error
    }
    await pool.close()
    return result
  }
}
