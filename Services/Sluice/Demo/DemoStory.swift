import Contracts

/// The life of one deal, told from its creation to its end or as far as it has come.
struct DemoStory {
  struct Step: Hashable, Sendable {
    var at: Instant
    var action: StageCommand.Action
  }

  private let trade: DemoTrade
  private let team: DemoTeam
  private var random: SplitMix64
  private var calendar: DemoCalendar
  private(set) var steps: [Step] = []
  private var amount: Money?

  /// - Parameters:
  ///   - externalId: of the deal, for its name's sake unique
  ///   - earliest, latest: between these it was created
  init(
    trade: DemoTrade, random: SplitMix64, externalId: String, between earliest: Instant,
    and latest: Instant
  ) {
    var random = random
    self.trade = trade
    team = DemoTeam.all[random.pick(weights: trade.teamWeights)]
    // Business grows: of two draws the later one counts now and then.
    let draw = random.fraction()
    let share = random.chance(0.35) ? max(draw, random.fraction()) : draw
    let raw = earliest.adding(days: latest.days(since: earliest) * share)
    calendar = DemoCalendar(now: raw)
    let settled = calendar.settle(raw, &random)
    calendar.now = settled < latest ? settled : raw
    amount = DemoStory.amount(trade, &random)
    let account = DemoNames.account(random.integer(below: DemoNames.accountCount))
    var deal = NewOpportunity(
      pipeline: trade.key, name: account.short + random.pick(trade.products),
      account: Account(name: account.name), externalId: externalId)
    deal.owner = random.pick(team.owners)
    deal.team = team.key
    deal.amount = amount
    let usualDays = trade.open.reduce(0) { $0 + $1.medianDays } * 1.3 * team.pace
    let close = calendar.now.adding(days: usualDays * (0.7 + random.fraction()))
    deal.expectedClose = String(close.description.prefix(10))
    deal.fields = [
      "decisionMaker": .string(DemoNames.decisionMaker(&random)),
      "source": .string(random.pick(["官网", "展会", "转介绍", "电话", "老客户"])),
    ]
    self.random = random
    add(.create(deal))
  }

  /// Tells the rest, also what lies beyond `now`: whoever asks later the same day hears the same
  /// story and a little more of it.
  mutating func tell() {
    var position = 0
    var mayReopen = true
    for _ in 0..<20 {
      stay(in: trade.open[position])
      let success = min(0.97, trade.open[position].success * team.skill)
      if position > 0, random.chance(0.07) {
        position -= 1
        move(to: position, random.pick(DemoReasons.back))
      } else if random.chance(success) {
        guard position + 1 < trade.open.count else { return win() }
        position += position + 2 < trade.open.count && random.chance(0.04) ? 2 : 1
        move(to: position, nil)
      } else {
        add(.lose(.init(reason: random.pick(DemoReasons.lost))))
        guard mayReopen, random.chance(0.07) else { return }
        mayReopen = false
        calendar.wait(days: 15 + 45 * random.fraction(), &random)
        let key = trade.open[position].stage.key
        add(.reopen(.init(to: key, reason: random.pick(DemoReasons.reopened))))
      }
    }
  }

  private mutating func stay(in stage: DemoTrade.OpenStage) {
    var days = stage.medianDays * team.pace * random.waitingFactor()
    if trade.bottleneck.team == team.key, trade.bottleneck.stage == stage.stage.key {
      days *= trade.bottleneck.factor
    }
    if days > 3, random.chance(0.35) {
      let share = 0.2 + 0.6 * random.fraction()
      calendar.wait(days: days * share, &random)
      days *= 1 - share
      add(.update(.init(reason: random.pick(DemoReasons.notes))))
    }
    if let before = amount, !stage.stage.requiredFields.isEmpty, random.chance(0.3) {
      let thousands = max(1, before.minor / 100_000)
      let changed = thousands * Int64(80 + random.integer(below: 35)) / 100
      amount = Money(minor: max(1, changed) * 100_000, currency: before.currency)
      calendar.wait(days: days / 2, &random)
      days /= 2
      add(.update(.init(amount: amount.map(Patch.set) ?? .keep, reason: "报价调整")))
    }
    calendar.wait(days: days, &random)
  }

  private mutating func win() {
    add(.win(.init(reason: nil)))
    guard let (stage, median) = trade.postWin, random.chance(0.9) else { return }
    calendar.wait(days: median * random.waitingFactor(), &random)
    add(.move(.init(to: stage.key)))
  }

  private mutating func move(to position: Int, _ reason: String?) {
    add(.move(.init(to: trade.open[position].stage.key, reason: reason)))
  }

  private mutating func add(_ action: StageCommand.Action) {
    steps.append(Step(at: calendar.now, action: action))
  }

  /// Whole thousands; many small deals and a few large ones. One in 25 has no amount yet.
  private static func amount(_ trade: DemoTrade, _ random: inout SplitMix64) -> Money? {
    let share = random.fraction()
    let range = trade.amounts.upperBound - trade.amounts.lowerBound
    let thousands = trade.amounts.lowerBound + range * share * share * share
    let kind = random.fraction()
    if kind < 0.04 { return nil }
    return kind < 0.1
      ? Money(minor: Int64(thousands / 7) * 100_000, currency: "USD")
      : Money(minor: Int64(thousands) * 100_000, currency: "CNY")
  }
}

/// When people of the demo work: more than half of the time on weekdays from nine to half past six in China.
struct DemoCalendar: Sendable {
  var now: Instant

  private static let zoneSeconds: Int64 = 8 * 3_600

  /// Goes on to about that many days later; always at least ten minutes.
  mutating func wait(days: Double, _ random: inout SplitMix64) {
    let least = now.adding(seconds: 600 + 3_600 * random.fraction())
    now = max(least, settle(now.adding(days: days), &random))
  }

  /// A time of work near `instant`.
  func settle(_ instant: Instant, _ random: inout SplitMix64) -> Instant {
    guard random.chance(0.55) else { return instant }
    let local = instant.adding(seconds: Double(DemoCalendar.zoneSeconds))
    var day = Int64(local.day)
    // 1970-01-01 was a Thursday: 0 is Monday.
    let weekday = (day + 3) % 7
    if weekday >= 5, random.chance(0.8) { day += 7 - weekday }
    let second = 9 * 3_600 + Int64(9.5 * 3_600 * random.fraction())
    return Instant(
      microseconds: (day * Instant.secondsPerDay + second - DemoCalendar.zoneSeconds) * 1_000_000)
  }
}
