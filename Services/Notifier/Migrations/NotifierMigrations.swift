import Postgres

/// The schema's history, in order.
enum NotifierMigrations {
  static var set: MigrationSet {
    MigrationSet(
      "notifier",
      [Migration(resource: "m0001_notifier", bytes: PackageResources.m0001_notifier_sql)])
  }
}
