/// What an import of people found and did, as `--format json` shows it.
struct PeopleReport: Encodable {
  let isDryRun: Bool
  /// Whether bad rows kept it from writing.
  var isBlocked = false
  /// Good rows.
  var rows = 0
  /// Teams that were made, or would be.
  var teams: [String] = []
  var created = 0
  var changed = 0
  var unchanged = 0
  var errors: [ImportProblem] = []

  private enum CodingKeys: String, CodingKey {
    case isDryRun = "dryRun"
    case isBlocked = "blocked"
    case rows, teams, created, changed, unchanged, errors
  }

  init(isDryRun: Bool) { self.isDryRun = isDryRun }

  /// A row can be bad in several ways.
  var badRows: Int { Set(errors.map(\.line)).count }

  mutating func count(_ version: Int64, before: Int64?) {
    if let before {
      if version == before { unchanged += 1 } else { changed += 1 }
    } else {
      created += 1
    }
  }

  func text() -> String {
    var parts: [String] = []
    if !errors.isEmpty {
      var table = TextTable([.left("file"), .right("line"), .left("bad row")])
      for error in errors { table.add(error.file, String(error.line), error.reason) }
      parts.append(table.render())
    }
    if !isBlocked { parts.append(summary()) }
    return parts.joined(separator: "\n\n")
  }

  private func summary() -> String {
    var table = TextTable([.left("people"), .right("count")])
    table.add("rows", String(rows))
    if !teams.isEmpty {
      table.add(isDryRun ? "teams to be made" : "teams made", String(teams.count))
    }
    if isDryRun { return table.render() + "\n\nA dry run: nothing was written." }
    for (name, count) in [("created", created), ("changed", changed), ("unchanged", unchanged)] {
      table.add("  " + name, String(count))
    }
    return table.render()
  }
}
