import Contracts

/// A believable year of an imaginary company, the same for the same seed and day.
struct DemoPlan: Sendable {
  let pipelines: [PipelineRequest]
  /// In order of time; none is later than the `now` of the plan.
  let commands: [StageCommand]
  let deals: Int

  static let days = 365

  /// - Parameters:
  ///   - deals: a larger number adds deals and leaves the others as they are.
  ///   - now: the year ends here. The stories depend on its day (UTC) alone: later the same day they
  ///     are the same and have gone on a little.
  init(seed: UInt64, deals: Int, now: Instant) {
    let today = Instant(
      microseconds: Int64(now.day) * Instant.secondsPerDay * 1_000_000)
    var commands: [StageCommand] = []
    for number in 0..<deals {
      commands += DemoPlan.story(seed, number, today).filter { ($0.occurredAt ?? now) <= now }
    }
    self.deals = deals
    self.commands = ImportPlanner.sorted(commands)
    pipelines = DemoTrade.all.map { PipelineRequest(key: $0.key, definition: $0.definition) }
  }

  private static func story(_ seed: UInt64, _ number: Int, _ today: Instant) -> [StageCommand] {
    var random = SplitMix64(seed: seed, stream: UInt64(number))
    let trade = DemoTrade.all[random.pick(weights: [9, 6, 5])]
    let identity = ImportIdentity(source: "demo", externalId: "\(seed)-\(number)")
    var story = DemoStory(
      trade: trade, random: random, externalId: "demo:\(seed)-\(number)",
      between: today.adding(days: -Double(days)), and: today)
    story.tell()
    guard let first = story.steps.first else { return [] }
    let id = identity.opportunity(at: identityTime(first.at, today))
    return story.steps.enumerated().map { ordinal, step in
      StageCommand(
        id: identity.command(ordinal, at: identityTime(step.at, today)), opportunityId: id,
        actor: "import:demo", occurredAt: step.at, action: step.action)
    }
  }

  /// The time within the story's own year, whichever year it is told in: so a demo loaded again on
  /// another day adds nothing to the deals that are there.
  private static func identityTime(_ time: Instant, _ today: Instant) -> Instant {
    Instant(
      microseconds: ImportIdentity.unknownTime.adding(days: 400).microseconds
        + time.microseconds - today.microseconds)
  }
}
