import Contracts

/// The files of one import.
struct ImportSources {
  var opportunities: String?
  var history: String?

  /// - Throws: a usage failure when a file is missing that the mapping reads, or one is given that
  ///   it does not.
  func check(against mapping: Mapping, named name: String) throws {
    if mapping.history == nil {
      if history != nil {
        throw OperatorFailure.usage(
          "the mapping \(name) has no history; leave out --history, or add a line such as "
            + "history: {id: OppID, at: CreatedDate, stage: StageName} to the mapping")
      }
      if opportunities == nil {
        throw OperatorFailure.usage("the mapping \(name) reads deals: give --opportunities FILE")
      }
    } else if history == nil {
      throw OperatorFailure.usage("the mapping \(name) reads a history: give --history FILE")
    }
  }

  /// Reads and checks everything; what is wrong with the files is in the plan's errors.
  ///
  /// - Throws: a usage failure when a file cannot be opened.
  func plan(_ mapping: Mapping, now: Instant) throws -> ImportPlan {
    var broken: [ImportProblem] = []
    func table(_ path: String?) throws -> CSVTable? {
      do {
        return try path.map(CSVTable.read)
      } catch let problem as ImportProblem {
        broken.append(problem)
        return nil
      }
    }
    let deals = try table(opportunities)
    let history = try table(history)
    var plan = ImportPlanner(mapping: mapping, now: now).plan(deals: deals, history: history)
    plan.errors = broken + plan.errors
    // Half of the files makes every deal look odd.
    if plan.errors.contains(where: \.kind.concernsWholeFile) { plan.warnings = [] }
    return plan
  }
}
