import Postgres

/// The schema's history, in order; the tables of the messaging stand beside these.
enum ForecastingMigrations {
  static let set = MigrationSet(
    "forecasting",
    [Migration(resource: "m0001_forecasting", bytes: PackageResources.m0001_forecasting_sql)])
}
