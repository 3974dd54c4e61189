package import Postgres

/// The tables that the consumer loop and the outbox need in every service's schema.
package enum MessagingMigrations {
  package static var set: MigrationSet {
    MigrationSet(
      "messaging",
      [Migration(resource: "m0001_messaging", bytes: PackageResources.m0001_messaging_sql)])
  }
}
