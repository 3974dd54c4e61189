/// What an import found and did, as `--format json` shows it.
struct ImportReport: Encodable {
  let pipeline: String
  let isDryRun: Bool
  /// Whether bad rows kept it from writing.
  var isBlocked = false
  let counts: ImportPlan.Counts
  let commands: Int
  let errors: [ImportProblem]
  let warnings: [ImportProblem]
  /// Nil when nothing was sent.
  var result: DeliveryOutcome?

  private enum CodingKeys: String, CodingKey {
    case pipeline
    case isDryRun = "dryRun"
    case isBlocked = "blocked"
    case counts, commands, errors, warnings, result
  }

  init(plan: ImportPlan, isDryRun: Bool) {
    pipeline = plan.pipelineKey
    self.isDryRun = isDryRun
    counts = plan.counts
    commands = plan.commands.count
    errors = plan.errors
    warnings = plan.warnings
  }

  /// A row can be bad in several ways.
  var badRows: Int { Set(errors.map { "\($0.file):\($0.line)" }).count }

  func text() -> String {
    var parts: [String] = []
    if !errors.isEmpty { parts.append(errorTable()) }
    if !isBlocked {
      if !warnings.isEmpty { parts.append(warningTable()) }
      parts.append(summary())
    }
    return parts.joined(separator: "\n\n")
  }

  private func errorTable() -> String {
    var table = TextTable([.left("file"), .right("line"), .left("bad row")])
    for error in errors { table.add(error.file, String(error.line), error.reason) }
    var text = table.render()
    if isBlocked, !errors.contains(where: \.kind.concernsWholeFile) {
      text += "\n\nCorrect them, or leave out the deals that they belong to with --skip-bad."
    } else if !isBlocked {
      text += "\n\nLeft out with these rows: \(counts.skippedDeals) deals."
    }
    return text
  }

  /// One row per kind of warning, with its first deals; all of them are in the JSON.
  private func warningTable() -> String {
    var table = TextTable([.right("deals"), .left("warning"), .left("for example")])
    for kind in ImportProblem.Kind.allCases {
      let found = warnings.filter { $0.kind == kind }
      guard let title = kind.warningTitle, let first = found.first else { continue }
      table.add(
        String(found.count), title, "\(first.file) line \(first.line): \(first.reason)")
    }
    return table.render() + "\n(--format json lists all of them)"
  }

  private func summary() -> String {
    var table = TextTable([.left("pipeline \(pipeline)"), .right("count")])
    table.add("deals", String(counts.deals))
    table.add("stage moves", String(counts.moves))
    table.add("rows that repeat a stage", String(counts.repeats))
    table.add("commands", String(commands))
    guard let result else {
      return table.render() + "\n\nA dry run: nothing was written."
    }
    for (name, count) in result.rows { table.add(name, String(count)) }
    var text = table.render()
    if result.changedNothing {
      text += "\n\nNothing changed: all of it had been imported before."
    }
    if let refusals = result.refusalTable() { text += "\n\n" + refusals }
    if result.withViolations > 0 {
      text +=
        "\n\nWhat the gate would have refused is in the history, as violations of its events."
    }
    return text
  }
}

extension DeliveryOutcome {
  var rows: [(String, Int)] {
    [("  accepted", accepted), ("  already there", alreadyThere), ("  refused", refused.count)]
      + (withViolations > 0 ? [("  with violations", withViolations)] : [])
  }

  /// The reasons with how often each stands and one deal that it concerns; nil without any.
  func refusalTable() -> String? {
    guard !refused.isEmpty else { return nil }
    var table = TextTable([.right("refused"), .left("reason"), .left("for example")])
    let reasons = Dictionary(grouping: refused) { $0.reasons.joined(separator: "; ") }
    for (reason, group) in reasons.sorted(by: {
      ($1.value.count, $0.key) < ($0.value.count, $1.key)
    }
    ) {
      table.add(String(group.count), reason, "opportunity \(group[0].opportunityId)")
    }
    return table.render()
  }
}
