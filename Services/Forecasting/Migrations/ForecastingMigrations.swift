import Postgres

/// The schema's history, in order; the tables of the messaging stand beside these.
enum ForecastingMigrations {
  static let set = MigrationSet(
    "forecasting",
    [
      Migration(resource: "m0001_forecasting", bytes: PackageResources.m0001_forecasting_sql),
      Migration(resource: "m0002_reverted_moves", bytes: PackageResources.m0002_reverted_moves_sql),
      Migration(resource: "m0003_rebuilds", bytes: PackageResources.m0003_rebuilds_sql),
      Migration(resource: "m0004_stage_totals", bytes: PackageResources.m0004_stage_totals_sql),
      Migration(resource: "m0005_merged_deals", bytes: PackageResources.m0005_merged_deals_sql),
      Migration(resource: "m0006_figures", bytes: PackageResources.m0006_figures_sql),
      Migration(resource: "m0007_follow_ups", bytes: PackageResources.m0007_follow_ups_sql),
      Migration(resource: "m0008_noted_changes", bytes: PackageResources.m0008_noted_changes_sql),
    ])
}
