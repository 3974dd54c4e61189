import Contracts

/// Turns deals and their histories into commands, and notes what is odd about them.
struct CommandBuilder {
  let mapping: Mapping
  let dealFile: String
  let historyFile: String?
  private(set) var commands: [StageCommand] = []
  private(set) var warnings: [ImportProblem] = []
  private(set) var deals = 0
  private(set) var moves = 0
  private(set) var repeats = 0

  init(mapping: Mapping, dealFile: String, historyFile: String?) {
    self.mapping = mapping
    self.dealFile = dealFile
    self.historyFile = historyFile
  }

  /// - Parameter steps: the deal's history in any order; nil where it has none.
  mutating func add(_ deal: SourceDeal, history steps: [SourceStep]?) {
    warnAboutFields(deal)
    guard let steps else {
      if historyFile != nil {
        warn(deal, .noHistory, "\(deal.id) has no row in \(historyFile ?? "the history")")
      }
      return addFlat(deal)
    }
    let ordered = CommandBuilder.ordered(steps)
    if let openedAt = deal.openedAt, let first = ordered.first, first.at < openedAt {
      warn(
        deal, .beginsBeforeCreated,
        "\(deal.id) was created on \(openedAt.dayText), its history begins on \(first.at.dayText)")
    }
    if let last = ordered.last, last.stage != deal.stage {
      warn(
        deal, .stageDisagrees,
        "\(deal.id) stands in \(deal.stage.from) here, in \(last.stage.from) by its history")
    }
    addHistory(newOpportunity(deal), id: deal.id, ordered)
  }

  /// A history whose deal is in no other file.
  mutating func add(_ id: String, historyOnly steps: [SourceStep], warns: Bool) {
    let ordered = CommandBuilder.ordered(steps)
    if warns, let first = ordered.first {
      warnings.append(
        ImportProblem(
          historyFile ?? "", first.line, .historyOnly, "\(id) is not among the opportunities"))
    }
    addHistory(newOpportunity(id: id, name: id), id: id, ordered)
  }

  /// By date, then by the order column, then by line.
  static func ordered(_ steps: [SourceStep]) -> [SourceStep] {
    steps.sorted { ($0.at, $0.order, $0.line) < ($1.at, $1.order, $1.line) }
  }

  private mutating func addHistory(
    _ opportunity: NewOpportunity, id: String, _ ordered: [SourceStep]
  ) {
    guard let first = ordered.first else { return }
    let file = historyFile ?? ""
    if first.stage.category != .open {
      warnings.append(
        ImportProblem(
          file, first.line, .beginsClosed, "\(id) begins in \(first.stage.from)"))
    }
    var emitter = Emitter(mapping: mapping, id: id, createdAt: first.at)
    var opportunity = opportunity
    opportunity.stage = first.stage.key
    commands.append(emitter.next(at: first.at, .create(opportunity)))
    for (before, step) in zip(ordered, ordered.dropFirst()) {
      let row = "\(file) line \(step.line)"
      if before.stage == step.stage {
        let note = OpportunityPatch(reason: "\(row) repeats the stage \(step.stage.from)")
        commands.append(emitter.next(at: step.at, .update(note)))
        repeats += 1
      } else {
        commands.append(emitter.next(at: step.at, .move(.init(to: step.stage.key, reason: row))))
        moves += 1
      }
    }
    deals += 1
  }

  /// A deal of which only its present stage is known, and perhaps when it began and ended.
  ///
  /// - an open one: created in its stage when it was opened
  /// - a closed one: created in the entry stage when it was opened, moved when it was closed
  /// - a closed one that was never opened: created in its stage when it was closed
  /// - without the date that its stage was entered on: created in its stage, entry unknown
  private mutating func addFlat(_ deal: SourceDeal) {
    deals += 1
    var opportunity = newOpportunity(deal)
    let isClosed = deal.stage.category != .open
    let entered = isClosed ? deal.closedAt : deal.openedAt
    if isClosed, deal.closedAt == nil {
      warn(deal, .noClosedDate, "\(deal.id) is \(deal.stage.from)")
    }
    if deal.openedAt == nil { warn(deal, .noOpenedDate, "\(deal.id) stands in \(deal.stage.from)") }
    var emitter = Emitter(mapping: mapping, id: deal.id, createdAt: deal.openedAt ?? deal.closedAt)
    guard isClosed, let openedAt = deal.openedAt, let closedAt = deal.closedAt else {
      opportunity.stage = deal.stage.key
      opportunity.entryUnknown = entered == nil ? true : nil
      commands.append(emitter.next(at: entered, .create(opportunity)))
      return
    }
    opportunity.stage = mapping.entryStage
    commands.append(emitter.next(at: openedAt, .create(opportunity)))
    let reason = "\(dealFile) line \(deal.line)"
    commands.append(
      emitter.next(at: closedAt, .move(.init(to: deal.stage.key, reason: reason))))
    moves += 1
  }

  private func newOpportunity(_ deal: SourceDeal) -> NewOpportunity {
    var opportunity = newOpportunity(id: deal.id, name: deal.name)
    if let account = deal.account { opportunity.account = Account(name: account) }
    opportunity.owner = deal.owner
    opportunity.team = deal.team
    opportunity.amount = deal.amount
    opportunity.expectedClose = deal.closedDate
    return opportunity
  }

  private func newOpportunity(id: String, name: String) -> NewOpportunity {
    NewOpportunity(
      pipeline: mapping.pipelineKey, name: name, account: Account(name: "unknown"),
      externalId: "\(mapping.source):\(id)")
  }

  private mutating func warnAboutFields(_ deal: SourceDeal) {
    if mapping.opportunities.amount != nil, deal.amount == nil {
      warn(deal, .noAmount, "\(deal.id) has no amount")
    }
    if mapping.opportunities.account != nil, deal.account == nil {
      warn(deal, .noAccount, "\(deal.id) has no account; it is imported as \"unknown\"")
    }
  }

  private mutating func warn(_ deal: SourceDeal, _ kind: ImportProblem.Kind, _ reason: String) {
    warnings.append(ImportProblem(dealFile, deal.line, kind, reason))
  }
}

/// Numbers the commands of one deal.
private struct Emitter {
  private let identity: ImportIdentity
  private let opportunityId: EntityID
  private let actor: String
  private var ordinal = 0

  init(mapping: Mapping, id: String, createdAt: Instant?) {
    identity = ImportIdentity(source: mapping.source, externalId: id)
    opportunityId = identity.opportunity(at: createdAt)
    actor = "import:\(mapping.source)"
  }

  mutating func next(at time: Instant?, _ action: StageCommand.Action) -> StageCommand {
    defer { ordinal += 1 }
    return StageCommand(
      id: identity.command(ordinal, at: time), opportunityId: opportunityId, actor: actor,
      occurredAt: time, action: action)
  }
}

extension Instant {
  fileprivate var dayText: String { String(description.prefix(10)) }
}
