import Contracts
import Foundation
import Postgres
import TestSupport

/// A backlog of stage changes until all of it is committed: facts, visits, current stage, totals
/// and offsets, by one replica.
struct ProjectorFigure {
  let bench: Bench

  func measure() async throws {
    let events = bench.count(1_000_000)
    try await Cluster.lend([]) { cluster in
      announce("  writing \(events) events")
      var deals = DealEvents()
      try await cluster.writeBacklog(events, to: .stageChanges) {
        try deals.next().wireMessage(source: "/bench")
      }
      let run = try await ProjectorRun.measure(cluster, events: events)
      announce("  the floor")
      let floor = try await ProjectorFloor(cluster: cluster).measure(events: events)
      let decoding = try await ProjectorFloor(cluster: cluster).measureDecoding(events: events)
      bench.report.add(
        Figure(
          "projector", run.rate, "events/s",
          floor: .init(name: "decode and COPY", value: floor), aim: "100000, 0.7 of the floor",
          usage: run.usage, parameters: ["events": Double(events), "seconds": run.seconds]))
      bench.report.add(
        Figure("projector.decoding", decoding, "events/s", aim: "one core, nothing else"))
      bench.report.add(
        Figure(
          "memory.catching-up", run.usage.peakMemory["forecasting-1"] ?? .nan, "MB",
          aim: "under 300"))
    }
  }
}

/// One forecasting process that reads a topic to its end.
struct ProjectorRun {
  var rate: Double
  var seconds: Double
  var usage: Usage
  /// Seconds since the first commit, and events that were committed by then.
  var course: [(seconds: Double, events: Int)]

  static func measure(_ cluster: Cluster, events: Int) async throws -> ProjectorRun {
    let replica = try await cluster.add(.forecasting)
    try await replica.waitUntilReady()
    let meter = try cluster.meter()
    let clock = ContinuousClock()
    var start = clock.now
    var course: [(seconds: Double, events: Int)] = []
    try await cluster.withDatabase(of: .forecasting) { pool in
      while true {
        let done = try await cluster.consumed(.stageChanges, from: pool)
        let now = clock.now
        if done == 0 { start = now }
        course.append(((now - start) / .seconds(1), done))
        if done >= events { break }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    let usage = meter.usage()
    _ = try await replica.terminate()
    cluster.remove(replica)
    let seconds = course[course.count - 1].seconds
    // What was there at the first look may have been committed before the clock began.
    let first = course.first { $0.events > 0 }?.events ?? 0
    let counted = events - (course[0].events > 0 ? first : 0)
    return ProjectorRun(
      rate: Double(counted) / seconds, seconds: seconds, usage: usage, course: course)
  }
}
