package import Postgres

/// The tables that hold what `directory.v1` tells, in every service's schema.
package enum DirectoryMigrations {
  package static var set: MigrationSet {
    MigrationSet(
      "directory",
      [Migration(resource: "m0001_directory", bytes: PackageResources.m0001_directory_sql)])
  }
}
