import Messaging
import Postgres

/// What the schema of this service is made of: the tables of the messaging and those of its own.
enum ForecastingMigrations {
  static let all: [MigrationSet] = [
    MessagingMigrations.set,
    MigrationSet(
      "forecasting",
      [Migration(resource: "m0001_forecasting", bytes: PackageResources.m0001_forecasting_sql)]),
  ]
}
