/// What is compared. The raw values are part of the JSON answer.
enum Check: String, Codable, CaseIterable, Sendable {
  case feed
  case appliedEvents = "applied_events"
  case currentStage = "current_stage"
  case visits
  case stageTotals = "stage_totals"
  case dailyChanges = "daily_changes"
  case dwellTotals = "dwell_totals"
  case followUpChanges = "follow_up_changes"
  case notedChanges = "noted_changes"
  case dealTraits = "deal_traits"
  case dealOwners = "deal_owners"
  case freshness
  case parkedEvents = "parked_events"
  case log
  case funnel

  /// For the table of the text answer.
  var title: String {
    switch self {
    case .feed: "events feed is sound"
    case .appliedEvents: "applied_events = feed"
    case .currentStage: "current_stage = recomputed"
    case .visits: "visits = recomputed"
    case .stageTotals: "stage_totals = recomputed"
    case .dailyChanges: "daily_changes = recomputed"
    case .dwellTotals: "dwell_totals = recomputed"
    case .followUpChanges: "follow_up_changes = recomputed"
    case .notedChanges: "noted_changes = recomputed"
    case .dealTraits: "deal_traits = recomputed"
    case .dealOwners: "deal_owners has every owner"
    case .freshness: "projections are up to date"
    case .parkedEvents: "no event is parked"
    case .log: "log = feed"
    case .funnel: "funnel answers = recomputed"
    }
  }
}

/// How much a check compared.
struct CheckCount: Equatable, Sendable {
  var live = 0
  var recomputed = 0
}

/// One thing that is not as it should be: what, where, as it is and as it was recomputed.
struct Difference: Codable, Hashable, Sendable {
  enum Kind: String, Codable, Sendable {
    /// Recomputed, but not there.
    case missing
    /// There, but not recomputed.
    case unexpected
    /// On both sides, with other values.
    case different
    /// Not applied within the time that was given.
    case behind
    /// A sequence is left out or repeated.
    case gap
    /// After its successor.
    case outOfOrder = "out-of-order"
  }

  var check: Check
  var kind: Kind
  /// Names the opportunity, event, row or message.
  var place: String
  var live: String?
  var recomputed: String?

  private enum CodingKeys: String, CodingKey {
    case check, kind, live, recomputed
    case place = "where"
  }
}

/// The differences of a run: all counted, the first of each check kept.
struct DifferenceLog: Sendable {
  static let keptPerCheck = 200

  private(set) var kept: [Difference] = []
  private var counts: [Check: Int] = [:]

  var isEmpty: Bool { counts.isEmpty }

  /// Of all checks, kept or not.
  var total: Int { counts.values.reduce(0, +) }

  func count(_ check: Check) -> Int { counts[check] ?? 0 }

  mutating func add(_ difference: Difference) {
    counts[difference.check, default: 0] += 1
    if count(difference.check) <= DifferenceLog.keptPerCheck { kept.append(difference) }
  }

  mutating func add(
    _ check: Check, _ kind: Difference.Kind, _ place: String, live: String? = nil,
    recomputed: String? = nil
  ) {
    add(
      Difference(check: check, kind: kind, place: place, live: live, recomputed: recomputed))
  }

  mutating func merge(_ other: DifferenceLog) {
    for (check, count) in other.counts { counts[check, default: 0] += count }
    kept += other.kept
  }
}
