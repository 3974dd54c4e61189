import Contracts
import Testing

@testable import Sluice

@Suite struct DemoTests {
  private static let now = Instant("2026-11-23T17:30:00Z")!
  private static let plan = DemoPlan(seed: 1, deals: 2_000, now: now)

  private static func creations(_ plan: DemoPlan) -> [NewOpportunity] {
    plan.commands.compactMap { if case .create(let new) = $0.action { new } else { nil } }
  }

  @Test func sameSeedSameStory() {
    #expect(DemoPlan(seed: 1, deals: 2_000, now: DemoTests.now).commands == DemoTests.plan.commands)
    let other = DemoPlan(seed: 2, deals: 2_000, now: DemoTests.now)
    #expect(Set(other.commands.map(\.id)).isDisjoint(with: DemoTests.plan.commands.map(\.id)))
  }

  @Test func laterTheSameDayTheStoryGoesOn() {
    let early = DemoPlan(seed: 1, deals: 300, now: Instant("2026-11-23T00:00:01Z")!)
    let late = DemoPlan(seed: 1, deals: 300, now: Instant("2026-11-23T23:59:59Z")!)
    #expect(early.commands == Array(late.commands.prefix(early.commands.count)))
    #expect(early.commands.count < late.commands.count)
    #expect(DemoTests.creations(early).count == 300)
  }

  @Test func onAnotherDayTheDealsAreTheSameOnes() {
    func ids(_ now: String) -> Set<EntityID> {
      Set(DemoPlan(seed: 1, deals: 300, now: Instant(now)!).commands.map(\.opportunityId))
    }
    #expect(ids("2026-11-23T08:00:00Z") == ids("2027-02-01T20:00:00Z"))
  }

  @Test func moreDealsLeaveTheOthersAsTheyAre() {
    let few = Set(DemoPlan(seed: 1, deals: 100, now: DemoTests.now).commands)
    #expect(few.isSubset(of: DemoTests.plan.commands))
  }

  @Test func timesAreOrderedAndNotInTheFuture() {
    var last: [EntityID: Instant] = [:]
    var newest = Instant(milliseconds: 0)
    let earliest = DemoTests.now.adding(days: -Double(DemoPlan.days) - 4)
    for command in DemoTests.plan.commands {
      let time = command.occurredAt ?? DemoTests.now.adding(days: 1)
      #expect(time <= DemoTests.now && time >= earliest && time >= newest)
      if let before = last[command.opportunityId] {
        #expect(before < time)
      } else {
        guard case .create = command.action else {
          Issue.record("\(command.opportunityId) does not begin with its creation")
          continue
        }
      }
      last[command.opportunityId] = time
      newest = time
    }
    #expect(DemoTests.now.days(since: newest) < 0.5)
  }

  @Test(arguments: ["2026-11-22T03:00:00Z", "2026-11-23T00:00:05Z", "2026-03-01T15:00:00Z"])
  func lastEventsAreNearNow(now: String) throws {
    let now = try #require(Instant(now))
    let newest = DemoPlan(seed: 1, deals: 2_000, now: now).commands.compactMap(\.occurredAt).max()
    #expect(now.days(since: try #require(newest)) < 0.5)
  }

  @Test func countsAndVariety() {
    let plan = DemoTests.plan
    let deals = DemoTests.creations(plan)
    #expect(deals.count == 2_000 && plan.deals == 2_000)
    #expect(Set(plan.commands.map(\.id)).count == plan.commands.count)
    #expect(Set(deals.compactMap(\.externalId)).count == 2_000)
    #expect(plan.pipelines.map(\.key) == ["software", "manufacturing", "services"])
    #expect(Set(deals.map(\.pipeline)) == Set(plan.pipelines.map(\.key)))
    #expect(Set(deals.compactMap(\.team)) == ["north", "east", "south", "west"])
    #expect(Set(deals.compactMap(\.owner)).count == 24)
    let currencies = Dictionary(grouping: deals) { $0.amount?.currency ?? "none" }
      .mapValues(\.count)
    #expect(Set(currencies.keys) == ["CNY", "USD", "none"])
    #expect((40...140).contains(currencies["none"] ?? 0))
    #expect((60...200).contains(currencies["USD"] ?? 0))
    #expect(deals.allSatisfy { $0.amount.map { $0.minor > 0 } ?? true })
  }

  @Test func everyStageIsUsedAndEveryKindOfEventHappens() {
    var used: [String: Set<String>] = [:]
    var kinds: Set<StageCommandType> = []
    var pipelines: [EntityID: String] = [:]
    func use(_ command: StageCommand, _ key: String?) {
      guard let pipeline = pipelines[command.opportunityId], let key else { return }
      used[pipeline, default: []].insert(key)
    }
    for command in DemoTests.plan.commands {
      kinds.insert(command.type)
      switch command.action {
      case .create(let new):
        pipelines[command.opportunityId] = new.pipeline
        use(command, DemoTrade.all.first { $0.key == new.pipeline }?.open.first?.stage.key)
      case .move(let move): use(command, move.to)
      case .reopen(let reopening): use(command, reopening.to)
      case .win: use(command, DemoTrade.wonKey)
      case .lose(let closing):
        #expect(closing.reason?.isEmpty == false)
        use(command, DemoTrade.lostKey)
      case .update, .recordActivity, .revert, .assign, .hold, .resume, .tick, .recordFeedback,
        .merge:
        break
      }
    }
    #expect(kinds == [.create, .update, .move, .win, .lose, .reopen])
    for trade in DemoTrade.all {
      #expect(used[trade.key] == Set(trade.definition.stages.map(\.key)))
    }
  }

  @Test func definitionsAreWhole() {
    for trade in DemoTrade.all {
      let keys = trade.definition.stages.map(\.key)
      #expect(Set(keys).count == keys.count)
      for stage in trade.definition.stages {
        #expect(!stage.name.zh.isEmpty && !stage.name.en.isEmpty)
        #expect(Set(stage.next ?? []).isSubset(of: keys))
        guard stage.category == .open else { continue }
        #expect(stage.benchmarkDays != nil && stage.followUpDays != nil && stage.probability != nil)
        #expect(stage.guidance != nil && stage.next?.contains(DemoTrade.lostKey) == true)
      }
      #expect(DemoTeam.all.contains { $0.key == trade.bottleneck.team })
      #expect(keys.contains(trade.bottleneck.stage))
      #expect(trade.teamWeights.count == DemoTeam.all.count)
    }
  }

  /// Mean days that a visit of the stage took, for deals of one team and of all others.
  @Test func theBottleneckShows() throws {
    let trade = DemoTrade.software
    var entered: [EntityID: Instant] = [:]
    var teams: [EntityID: String] = [:]
    var days: [Bool: [Double]] = [:]
    for command in DemoTests.plan.commands {
      let id = command.opportunityId
      let time = try #require(command.occurredAt)
      if case .create(let new) = command.action, new.pipeline == trade.key { teams[id] = new.team }
      if case .update = command.action { continue }
      if let start = entered.removeValue(forKey: id) {
        days[teams[id] == trade.bottleneck.team, default: []].append(time.days(since: start))
      }
      if case .move(let move) = command.action, move.to == trade.bottleneck.stage, teams[id] != nil
      {
        entered[id] = time
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    #expect(mean(days[true] ?? []) > 1.8 * mean(days[false] ?? []))
  }

  @Test func accountsHaveNamesOfTheirOwn() {
    let names = (0..<DemoNames.accountCount).map { DemoNames.account($0).name }
    #expect(Set(names).count == DemoNames.accountCount)
  }

  /// The first numbers for seed 1234567 of the reference implementation.
  @Test func generatorAgreesWithTheReference() {
    var random = SplitMix64(seed: 1_234_567)
    #expect(
      [random.next(), random.next(), random.next()] == [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      ])
  }
}
