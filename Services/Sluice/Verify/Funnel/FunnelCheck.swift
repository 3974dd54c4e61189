import Contracts

/// Compares forecasting's answers with the events, as often as it takes to catch a moment at which
/// nothing is under way.
struct FunnelCheck: Sendable {
  /// The answer for a pipeline; nil when there is no such pipeline.
  let answer: @Sendable (_ pipeline: String) async throws -> FunnelAnswer?
  let deadline: ContinuousClock.Instant
  var pollInterval = Duration.milliseconds(250)

  struct Outcome: Sendable {
    var differences = DifferenceLog()
    var count = CheckCount()
    var remark: String?
  }

  func run(_ reader: inout FeedReader, _ feed: inout FeedIndex) async throws -> Outcome {
    while true {
      try await reader.readOn(into: &feed)
      let tally = FunnelTally(feed)
      var answers: [String: FunnelAnswer] = [:]
      for pipeline in tally.pipelines.keys { answers[pipeline] = try await answer(pipeline) }
      let arrived = try await reader.readOn(into: &feed)
      let differences = tally.differences(from: answers.mapValues(\.tallies))
      let count = CheckCount(
        live: answers.values.reduce(0) { $0 + $1.stages.reduce(0) { $0 + $1.count } },
        recomputed: tally.pipelines.values.reduce(0) { $0 + $1.values.reduce(0) { $0 + $1.count } })
      if differences.isEmpty { return Outcome(count: count) }
      if ContinuousClock.now < deadline {
        try await Task.sleep(for: pollInterval)
      } else if arrived > 0 {
        return Outcome(
          count: count,
          remark: "the funnel was not compared: events kept arriving; run again when it is quiet")
      } else {
        return Outcome(differences: differences, count: count)
      }
    }
  }
}

extension FunnelCheck {
  init(_ forecasting: ServiceClient, deadline: ContinuousClock.Instant) {
    self.init(
      answer: { pipeline in
        do {
          return try await forecasting.get(
            "/v1/funnel?pipeline=\(ServiceClient.encode(pipeline))", as: FunnelAnswer.self)
        } catch let refusal as ServiceRefusal where refusal.httpStatus == 404 {
          return nil
        }
      }, deadline: deadline)
  }
}
