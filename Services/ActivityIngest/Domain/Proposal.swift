import Contracts

/// A move that the words of an activity ask for.
struct Proposal: Hashable, Sendable {
  enum Status: String, Codable, CaseIterable, Sendable {
    /// Only shown; nothing is sent.
    case hint
    /// For a person.
    case waiting
    /// The command to move is under way.
    case sent
    case moved
    /// The gate refused the move.
    case refused
    /// By a person, before anything was sent.
    case rejected
    /// A person rejected the move when it had been made; the command to revert it is under way.
    case reverting
    case reverted
    case revertRefused = "revert-refused"
    /// The deal went elsewhere before anybody decided.
    case superseded
  }

  let id: EntityID
  let opportunityID: EntityID
  /// The activity's.
  let cause: String
  let pipeline: String
  let from: String
  let to: String
  let rule: String
  let mode: Rule.Mode
  /// Set with the move.
  let fields: [String: JSONValue]
  /// Of the activity that made it.
  let evidence: RuleEvidence
  /// Of later activities that asked for the same.
  var furtherEvidence: [RuleEvidence] = []
  var status: Status
  var confirmedBy: String?
  /// Who rejected it; while it is `sent`, a wish.
  var rejectedBy: String?
  /// What the person who decided said.
  var reason: String?
  /// Why the gate refused the move or stage-service its reversal.
  var errors: [GateFailure] = []
  /// The event of the move.
  var eventID: EntityID?
  var sequence: Int64?
  let createdAt: Instant
  var updatedAt: Instant
}

extension Proposal {
  /// What a match of a rule with a way from the deal's stage comes to.
  init(
    _ match: RuleMatch, target: RuleTarget, for deal: Deal, because activity: Activity,
    at now: Instant
  ) {
    id = DerivedID.proposal(
      activity.key, attempt: activity.attempt, of: deal.id, to: target.stage)
    opportunityID = deal.id
    cause = activity.cause
    pipeline = deal.pipeline
    from = deal.stage
    to = target.stage
    rule = match.rule
    mode = match.mode
    fields = target.fields
    evidence = RuleEvidence(
      activitySource: activity.source, activityId: activity.id, proposalId: id, rule: match.rule,
      intent: match.intent, words: match.words, start: match.start, end: match.end,
      confidence: match.confidence)
    status =
      switch match.mode {
      case .auto: .sent
      case .review: .waiting
      case .hint: .hint
      }
    createdAt = now
    updatedAt = now
  }
}

/// What the words of an activity come to for a deal.
struct Suggestions: Sendable {
  /// In the order of the pipeline's stages: for each stage the match in which there is most
  /// confidence, of equals the one that does most. A deal that is not open gets none.
  let proposals: [Proposal]
  /// Rules know the words, but none of them a way from where the deal stands.
  let isStuck: Bool

  init(
    for deal: Deal, in definition: PipelineDefinition, because activity: Activity,
    rules: RuleEngine, at now: Instant
  ) {
    let observation = activity.observation
    let matches =
      deal.isOpen
      ? rules.matches(
        text: observation.text, subject: observation.subject, kind: observation.kind,
        direction: observation.direction) : []
    var best: [String: (match: RuleMatch, target: RuleTarget)] = [:]
    for match in matches {
      guard
        let target = rules.rule(match.rule)?.target(
          pipeline: deal.pipeline, definition: definition, stage: deal.stage)
      else { continue }
      if let other = best[target.stage]?.match,
        (other.confidence, other.mode.weight) >= (match.confidence, match.mode.weight)
      {
        continue
      }
      best[target.stage] = (match, target)
    }
    proposals =
      best.values
      .sorted {
        (definition.position(of: $0.target.stage) ?? 0)
          < (definition.position(of: $1.target.stage) ?? 0)
      }
      .map { Proposal($0.match, target: $0.target, for: deal, because: activity, at: now) }
    isStuck = best.isEmpty && !matches.isEmpty
  }
}

extension Rule.Mode {
  fileprivate var weight: Int {
    switch self {
    case .auto: 2
    case .review: 1
    case .hint: 0
    }
  }
}
