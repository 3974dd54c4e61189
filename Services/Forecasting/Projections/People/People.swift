import Contracts
import Statistics

/// What is known of the deals of one person in one team, or of a team's deals without an owner.
struct PersonFigures: Equatable, Sendable {
  var openDeals: Int64 = 0
  var forgotten: Int64 = 0
  /// Deals that were closed in the period.
  var won: Int64 = 0
  var lost: Int64 = 0
  /// Stays that ended in the period, by the way they ended.
  var advanced: Int64 = 0
  var back: Int64 = 0
  /// Stays in open stages that ended in the period and whose beginning is known, and their days
  /// without those on hold.
  var ended: Int64 = 0
  var endedDays = 0.0
  /// Follow-up deadlines of the period: followed up by then, or not.
  var followedUp: Int64 = 0
  var missed: Int64 = 0
  /// Items of the checklists of stages that deals left in the period, and those ticked among them.
  var items: Int64 = 0
  var ticked: Int64 = 0
  var activities: Int64 = 0

  mutating func add(_ other: PersonFigures) {
    openDeals += other.openDeals
    forgotten += other.forgotten
    won += other.won
    lost += other.lost
    advanced += other.advanced
    back += other.back
    ended += other.ended
    endedDays += other.endedDays
    followedUp += other.followedUp
    missed += other.missed
    items += other.items
    ticked += other.ticked
    activities += other.activities
  }
}

/// The answer of `/v1/people`.
struct People: Figure {
  enum Order: String, CaseIterable, Sendable {
    case name, deals
  }

  struct Key: Hashable, Sendable {
    var team: String?
    var owner: String?
  }

  struct Share: Encodable, Sendable {
    var count: Int64
    var total: Int64
    @Nullable var rate: Double? = nil
    @Nullable var low: Double? = nil
    @Nullable var high: Double? = nil
    @Nullable var reason: Reason? = nil

    init(_ count: Int64, of total: Int64) {
      self.count = count
      self.total = total
      let result = Proportion(Int(count), of: Int(total)).wilson
      rate = result.value?.value
      low = result.value?.low
      high = result.value?.high
      reason = result.lack.map { Reason($0) }
    }
  }

  /// A person's conversion drawn towards the team's.
  struct Shrunk: Encodable, Sendable {
    @Nullable var rate: Double? = nil
    @Nullable var low: Double? = nil
    @Nullable var high: Double? = nil
    @Nullable var teamRate: Double? = nil
    /// Against the team: `higher`, `lower` or `cannot-tell`.
    @Nullable var verdict: String? = nil
    @Nullable var reason: Reason? = nil
  }

  struct Dwell: Encodable, Sendable {
    var endedVisits: Int64
    @Nullable var meanEndedDays: Double? = nil
    @Nullable var reason: Reason? = nil
  }

  struct Person: Encodable, Sendable {
    @Nullable var owner: String? = nil
    @Nullable var team: String? = nil
    var row: Row
    var shrunk: Shrunk

    private enum CodingKeys: CodingKey { case owner, team, shrunk }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(owner, forKey: .owner)
      try container.encode(team, forKey: .team)
      try container.encode(shrunk, forKey: .shrunk)
      try row.encode(to: encoder)
    }
  }

  struct Team: Encodable, Sendable {
    @Nullable var team: String? = nil
    var people: Int
    var row: Row

    private enum CodingKeys: CodingKey { case team, people }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(team, forKey: .team)
      try container.encode(people, forKey: .people)
      try row.encode(to: encoder)
    }
  }

  struct Row: Encodable, Sendable {
    var openDeals: Int64
    var won: Int64
    var lost: Int64
    /// Won ÷ closed in the period.
    var conversion: Share
    var advanced: Int64
    var back: Int64
    var dwell: Dwell
    /// Ticked items ÷ items of the checklists of stages that were left in the period.
    var checklist: Share
    /// Deadlines that were kept ÷ deadlines of the period.
    var followUps: Share
    /// Past their follow-up deadline ÷ open deals, at the end.
    var forgotten: Share
    var activities: Int64

    init(_ figures: PersonFigures) {
      openDeals = figures.openDeals
      won = figures.won
      lost = figures.lost
      conversion = Share(figures.won, of: figures.won + figures.lost)
      advanced = figures.advanced
      back = figures.back
      let mean = figures.ended == 0 ? nil : figures.endedDays / Double(figures.ended)
      dwell = Dwell(
        endedVisits: figures.ended, meanEndedDays: mean,
        reason: mean == nil ? Reason(.noneEnded) : nil)
      checklist = Share(figures.ticked, of: figures.items)
      followUps = Share(figures.followedUp, of: figures.followedUp + figures.missed)
      forgotten = Share(figures.forgotten, of: figures.openDeals)
      activities = figures.activities
    }
  }

  var period: FigurePeriod
  var order: String
  var people: [Person]
  var teams: [Team]
  @Nullable var reason: Reason? = nil

  private enum CodingKeys: CodingKey { case period, order, people, teams, reason }

  init(_ figures: [Key: PersonFigures], period: FigurePeriod, order: Order) {
    self.period = period
    self.order = order.rawValue
    reason = figures.isEmpty ? Reason(.noData) : nil
    var people: [Person] = []
    var teams: [Team] = []
    for (team, members) in Dictionary(grouping: figures, by: \.key.team).sorted(by: {
      ($0.key ?? "") < ($1.key ?? "")
    }) {
      let members = members.sorted { ($0.key.owner ?? "") < ($1.key.owner ?? "") }
      let shrinkage = Shrinkage.of(
        members.map { Proportion(Int($0.value.won), of: Int($0.value.won + $0.value.lost)) })
      var sum = PersonFigures()
      for (index, member) in members.enumerated() {
        sum.add(member.value)
        people.append(
          Person(
            owner: member.key.owner, team: team, row: Row(member.value),
            shrunk: Shrunk(shrinkage, of: index)))
      }
      teams.append(
        Team(
          team: team, people: members.count { $0.key.owner != nil }, row: Row(sum)))
    }
    if order == .deals {
      // Stable, so that people with as many deals stay in the order of their names.
      people = people.enumerated().sorted {
        (-$0.element.row.openDeals, $0.offset) < (-$1.element.row.openDeals, $1.offset)
      }.map(\.element)
    }
    self.people = people
    self.teams = teams
  }

  var about: LocalizedText {
    LocalizedText(
      zh: "每个人在期间内的商机、推进、转化率（附 95% 区间，并向团队收缩）、停留、按时跟进、遗忘率和活动数；"
        + "按姓名或商机数排序，不按比率排名：差别可能只是偶然",
      en:
        "Each person's deals, moves, conversion (with its 95% interval, and drawn towards the team's), "
        + "dwell, punctuality, forgotten rate and activities in the period; in the order of names or "
        + "deals and not of rates, as differences may be chance")
  }

  var table: CSVTable {
    CSVTable(
      header: [
        "owner", "team", "openDeals", "won", "lost", "conversion", "low", "high", "shrunk",
        "shrunkLow", "shrunkHigh", "teamRate", "verdict", "advanced", "back", "endedVisits",
        "meanEndedDays", "ticked", "checklistItems", "followedUp", "deadlines", "forgotten",
        "activities",
      ],
      rows: people.map { person in
        let row = person.row
        return [
          person.owner, person.team, "\(row.openDeals)", "\(row.won)", "\(row.lost)",
          row.conversion.rate.cell, row.conversion.low.cell, row.conversion.high.cell,
          person.shrunk.rate.cell, person.shrunk.low.cell, person.shrunk.high.cell,
          person.shrunk.teamRate.cell, person.shrunk.verdict, "\(row.advanced)", "\(row.back)",
          "\(row.dwell.endedVisits)", row.dwell.meanEndedDays.cell, "\(row.checklist.count)",
          "\(row.checklist.total)", "\(row.followUps.count)",
          "\(row.followUps.total)", "\(row.forgotten.count)", "\(row.activities)",
        ]
      })
  }
}

extension People.Shrunk {
  fileprivate init(_ result: Result<Shrinkage, Lack>, of person: Int) {
    self.init()
    guard let shrinkage = result.value else {
      reason = result.lack.map { Reason($0) }
      return
    }
    rate = shrinkage.rates[person].value
    low = shrinkage.rates[person].low
    high = shrinkage.rates[person].high
    teamRate = shrinkage.teamRate
    verdict = shrinkage.verdict(of: person).word
  }
}
