import Contracts

/// Everything that an import will do, before it does anything.
struct ImportPlan: Sendable {
  var pipelineKey: String
  var definition: PipelineDefinition
  /// In order of original time, which keeps each deal's own order; unknown times last.
  var commands: [StageCommand]
  var counts: Counts
  /// Rows that cannot be imported, by file and line.
  var errors: [ImportProblem]
  var warnings: [ImportProblem]

  struct Counts: Hashable, Codable, Sendable {
    var deals = 0
    var moves = 0
    /// History rows that repeat the stage before them.
    var repeats = 0
    /// Deals left out because of bad rows.
    var skippedDeals = 0
  }
}

/// Makes the plan of an import out of the files' tables.
struct ImportPlanner {
  let mapping: Mapping
  let now: Instant

  /// - Parameters:
  ///   - deals: the file of opportunities, where there is one
  ///   - history: the file of histories, where the mapping has one
  func plan(deals: CSVTable?, history: CSVTable?) -> ImportPlan {
    var plan = ImportPlan(
      pipelineKey: mapping.pipelineKey, definition: mapping.definition, commands: [],
      counts: .init(), errors: [], warnings: [])
    let reader = SourceReader(mapping: mapping, now: now)
    let dealRows = read(&plan, or: SourceRows<SourceDeal>()) {
      try deals.map { try reader.deals($0) }
    }
    let stepRows = read(&plan, or: SourceRows<SourceStep>()) {
      guard let history, let columns = mapping.history else { return nil }
      return try reader.steps(history, columns)
    }
    plan.errors += dealRows.problems + stepRows.problems
    let spoilt = dealRows.spoiltIds.union(stepRows.spoiltIds)
    plan.counts.skippedDeals = spoilt.subtracting([""]).count
    let steps = Dictionary(grouping: stepRows.rows.filter { !spoilt.contains($0.id) }, by: \.id)
    var builder = CommandBuilder(
      mapping: mapping, dealFile: deals?.file ?? "", historyFile: history?.file)
    for deal in dealRows.rows where !spoilt.contains(deal.id) {
      builder.add(deal, history: steps[deal.id])
    }
    let known = Set(dealRows.rows.map(\.id))
    for (id, steps) in steps.sorted(by: { $0.key < $1.key }) where !known.contains(id) {
      builder.add(id, historyOnly: steps, warns: deals != nil)
    }
    plan.commands = ImportPlanner.sorted(builder.commands)
    plan.counts.deals = builder.deals
    plan.counts.moves = builder.moves
    plan.counts.repeats = builder.repeats
    plan.warnings = builder.warnings.sorted { ($0.file, $0.line) < ($1.file, $1.line) }
    plan.errors.sort { ($0.file, $0.line) < ($1.file, $1.line) }
    return plan
  }

  /// By time; commands of the same instant stay as they are, and so do those of one deal.
  static func sorted(_ commands: [StageCommand]) -> [StageCommand] {
    func time(_ command: StageCommand) -> Int64 { command.occurredAt?.microseconds ?? .max }
    return commands.enumerated().sorted {
      (time($0.element), $0.offset) < (time($1.element), $1.offset)
    }.map(\.element)
  }

  private func read<Rows>(_ plan: inout ImportPlan, or empty: Rows, _ body: () throws -> Rows?)
    -> Rows
  {
    do {
      return try body() ?? empty
    } catch let problem as ImportProblem {
      plan.errors.append(problem)
    } catch {
      plan.errors.append(ImportProblem("", 1, .malformedRow, OperatorFailure.describe(error)))
    }
    return empty
  }
}
