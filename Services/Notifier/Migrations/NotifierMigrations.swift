import Postgres

/// The schema's history, in order.
enum NotifierMigrations {
  static var set: MigrationSet {
    MigrationSet(
      "notifier",
      [
        Migration(resource: "m0001_notifier", bytes: PackageResources.m0001_notifier_sql),
        Migration(
          resource: "m0002_deleted_subscriptions",
          bytes: PackageResources.m0002_deleted_subscriptions_sql),
        Migration(
          resource: "m0003_subscription_audience",
          bytes: PackageResources.m0003_subscription_audience_sql),
      ])
  }
}
