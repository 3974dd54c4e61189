package import Postgres

/// The tables that hold what `directory.v1` tells.
package enum DirectoryMigrations {
  /// Service accounts, in every service's schema.
  package static var set: MigrationSet {
    MigrationSet(
      "directory",
      [Migration(resource: "m0001_directory", bytes: PackageResources.m0001_directory_sql)])
  }

  /// People, teams and calendars, in the schemas of all but the service that keeps them.
  package static var mirror: MigrationSet {
    MigrationSet(
      "directory-mirror",
      [
        Migration(
          resource: "m0002_directory_mirror",
          bytes: PackageResources.m0002_directory_mirror_sql)
      ])
  }
}
