import Contracts

/// What `GET /v1/people` of forecasting answers, as far as it is shown.
struct PersonFigureAnswer: Codable, Sendable {
  struct Period: Codable, Sendable {
    var from: Instant
    var to: Instant
  }

  struct Share: Codable, Sendable {
    var count: Int64
    var total: Int64
    var rate: Double?
    var low: Double?
    var high: Double?
  }

  /// The conversion drawn towards the team's.
  struct Shrunk: Codable, Sendable {
    var rate: Double?
    var low: Double?
    var high: Double?
    var teamRate: Double?
    /// `higher`, `lower` or `cannot-tell`; null where nobody of the team closed a deal.
    var verdict: String?
  }

  struct Dwell: Codable, Sendable {
    var endedVisits: Int64
    var meanEndedDays: Double?
  }

  struct Person: Codable, Sendable {
    var owner: String?
    var team: String?
    var openDeals: Int64
    var won: Int64
    var lost: Int64
    var conversion: Share
    var shrunk: Shrunk
    var advanced: Int64
    var back: Int64
    var dwell: Dwell
    var followUps: Share
    var forgotten: Share
    var activities: Int64
  }

  var pipeline: String
  var asOf: Instant
  var period: Period
  var freshness: FunnelAnswer.Freshness
  var about: LocalizedText
  var order: String
  var people: [Person]
}
