/// One numbered step from one schema to the next. Once released its text never changes.
package struct Migration: Sendable {
  package let number: Int
  package let name: String
  package let sql: String

  package init(number: Int, name: String, sql: String) {
    self.number = number
    self.name = name
    self.sql = sql
  }

  /// An SQL file embedded in the program.
  /// - Parameters:
  ///   - resource: its name, `m0001_name`, with or without `.sql` or `_sql` at the end. Anything else
  ///     is a mistake in the program and stops it.
  ///   - bytes: its contents, UTF-8.
  package init(resource: String, bytes: [UInt8]) {
    var name = resource[...]
    for ending in [".sql", "_sql"] where name.hasSuffix(ending) { name = name.dropLast(4) }
    let parts = name.split(separator: "_", maxSplits: 1)
    guard parts.count == 2, parts[0].first == "m", let number = Int(parts[0].dropFirst()) else {
      preconditionFailure("a migration is named m0001_name, not \(resource)")
    }
    guard let sql = String(validating: bytes, as: UTF8.self) else {
      preconditionFailure("migration \(resource) is not UTF-8")
    }
    self.init(number: number, name: String(parts[1]), sql: sql)
  }
}

/// The migrations of one module, numbered on their own, so that several modules share a schema.
package struct MigrationSet: Sendable {
  package let name: String
  package let migrations: [Migration]

  package init(_ name: String, _ migrations: [Migration]) {
    let sorted = migrations.sorted { $0.number < $1.number }
    precondition(
      zip(sorted, sorted.dropFirst()).allSatisfy { $0.number < $1.number },
      "two migrations of \(name) have the same number")
    self.name = name
    self.migrations = sorted
  }
}
