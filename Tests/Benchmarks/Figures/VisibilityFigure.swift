import Foundation
import Synchronization
import TestSupport

/// How long after the answer to a move the funnel shows it, at a steady rate of moves.
struct VisibilityFigure {
  private static let rates = [200, 1_000]
  private static let duration: Duration = .seconds(20)
  private static let connections = 8

  let bench: Bench

  func measure() async throws {
    for rate in VisibilityFigure.rates {
      try await Cluster.lend([.stageService, .forecasting]) { cluster in
        let moves = rate * Int(VisibilityFigure.duration / .seconds(1))
        announce("  \(rate) moves per second")
        let deals = try await Deals.make(moves, in: "general", of: cluster)
        try await shown(deals.ids.count, stage: "initial-contact", of: cluster)
        let meter = try cluster.meter()
        let (accepted, seen) = try await run(deals, rate: rate, cluster)
        let usage = meter.usage()
        let latencies = VisibilityFigure.latencies(accepted: accepted, seen: seen)
        try check(
          seen.last?.count == moves,
          "\(seen.last?.count ?? 0) of \(moves) moves were seen in the funnel")
        for part in [0.5, 0.95, 0.99] {
          bench.report.add(
            Figure(
              "visibility.\(rate)-per-second.p\(Int(part * 100))", latencies.at(part), "ms",
              aim: part == 0.99 ? "under 25" : nil, usage: part == 0.99 ? usage : Usage(),
              parameters: ["moves": Double(moves)]))
        }
        for (name, memory) in usage.peakMemory.sorted(by: { $0.key < $1.key }) {
          bench.report.add(
            Figure(
              "memory.steady.\(rate)-per-second.\(name)", memory, "MB", aim: "under 150"))
        }
      }
    }
  }

  private func shown(_ count: Int, stage: String, of cluster: Cluster) async throws {
    let connection = try HTTPConnection(cluster.forecastings[0].url, token: cluster.token)
    try await eventually(within: .seconds(120), "all deals are in the funnel") {
      try Funnel.count(in: stage, connection) == count
    }
  }

  typealias Moment = ContinuousClock.Instant

  /// When each move was answered, and what each look at the funnel showed.
  private func run(
    _ deals: Deals, rate: Int, _ cluster: Cluster
  ) async throws -> (accepted: [Moment], seen: [(at: Moment, count: Int)]) {
    let token = cluster.token
    let (stageURL, funnelURL) = (cluster.stageServices[0].url, cluster.forecastings[0].url)
    let clock = ContinuousClock()
    let start = clock.now + .milliseconds(200)
    let total = deals.ids.count
    let connections = VisibilityFigure.connections
    async let seen = onThreads(1) { _ in
      let connection = try HTTPConnection(funnelURL, token: token)
      var seen: [(at: Moment, count: Int)] = []
      let end = start + VisibilityFigure.duration + .seconds(30)
      while (seen.last?.count ?? 0) < total, clock.now < end {
        let count = try Funnel.count(in: "needs-analysis", connection)
        if count > seen.last?.count ?? 0 { seen.append((clock.now, count)) }
        // Looking without a pause would take the processor from what is looked at.
        usleep(4_000)
      }
      return seen
    }
    let accepted = try await onThreads(connections) { number in
      let connection = try HTTPConnection(stageURL, token: token)
      return try stride(from: number, to: total, by: connections).map { index in
        // Each has its time, whatever became of those before it.
        let due = start + .seconds(1) * index / rate
        let wait = (due - clock.now) / .microseconds(1)
        if wait > 0 { usleep(UInt32(wait)) }
        let answer = try connection.post(
          "/v1/opportunities/\(deals.ids[index])/moves", #"{"to":"needs-analysis"}"#)
        try check(answer.status == 200, "a move failed with \(answer.status)")
        return clock.now
      }
    }
    return (accepted.flatMap(\.self).sorted(), try await seen[0])
  }

  /// The n-th answer is shown when the funnel counts n: the deals enter one stage only.
  private static func latencies(
    accepted: [Moment], seen: [(at: Moment, count: Int)]
  ) -> Percentiles {
    var samples: [Double] = []
    var look = 0
    // The first quarter warms up the broker's virtual machine.
    for (index, moment) in accepted.enumerated().dropFirst(accepted.count / 4) {
      while look < seen.count, seen[look].count <= index { look += 1 }
      guard look < seen.count else { break }
      samples.append(max(0, (seen[look].at - moment) / .milliseconds(1)))
    }
    return Percentiles(samples)
  }
}

/// The answer of `GET /v1/funnel`, as far as it is wanted here.
struct Funnel: Decodable {
  var stages: [Stage]

  struct Stage: Decodable {
    var stage: String
    var count: Int
  }

  static func count(in stage: String, _ connection: HTTPConnection) throws -> Int {
    let answer = try connection.get("/v1/funnel?pipeline=general")
    guard answer.status == 200 else { return 0 }
    return try answer.decode(Funnel.self).stages.first { $0.stage == stage }?.count ?? 0
  }
}
