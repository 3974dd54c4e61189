import Contracts
import Foundation
import LocalServers
import Postgres
import TestSupport

/// Other consumers that do the projector's work on the same topic: the same facts, visits, current
/// stages, totals and offsets, in one transaction per batch.
struct PeersFigure {
  let bench: Bench

  func measure() async throws {
    guard let python = ProcessInfo.processInfo.environment["SLUICE_BENCH_PYTHON"], !python.isEmpty
    else {
      bench.report.skip(.peers, because: "SLUICE_BENCH_PYTHON names no Python with the peers")
      return
    }
    let events = bench.count(200_000)
    try await Cluster.lend([]) { cluster in
      announce("  writing \(events) events")
      var deals = DealEvents()
      try await cluster.writeBacklog(events, to: .stageChanges) {
        try deals.next().wireMessage(source: "/bench")
      }
      let projector = try await ProjectorRun.measure(cluster, events: events)
      for peer in ["plain", "quix", "pathway_peer"] {
        announce("  \(peer)")
        let seconds = try await run(peer, with: python, events, cluster)
        bench.report.add(
          Figure(
            "peers.\(peer)", projector.rate, "events/s",
            floor: .init(name: peer, value: Double(events) / seconds), aim: "ratio above 1",
            parameters: ["events": Double(events)]))
      }
    }
  }

  private struct Answer: Decodable {
    var events: Int
    /// From the first message to the last commit.
    var seconds: Double
  }

  private func run(
    _ peer: String, with python: String, _ events: Int, _ cluster: Cluster
  ) async throws -> Double {
    let script = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../Peers/\(peer).py").standardizedFileURL.path
    let schema = "bench_\(peer)"
    try await cluster.withDatabase(of: .forecasting) { pool in
      try await pool.execute("CREATE SCHEMA \(schema)")
      for table in ["applied_events", "visits", "current_stage", "stage_totals"] {
        try await pool.execute("CREATE TABLE \(schema).\(table) (LIKE \(table) INCLUDING ALL)")
      }
      try await pool.execute(
        "CREATE TABLE \(schema).offsets (partition int PRIMARY KEY, next_offset bigint NOT NULL)")
    }
    let output = try await Tool.run(
      python, [script],
      environment: Executables.environment.merging([
        "BENCH_BOOTSTRAP_SERVERS": cluster.broker.bootstrapServers,
        "BENCH_TOPIC": cluster.topic(.stageChanges), "BENCH_DATABASE_URL": cluster.postgres.url,
        "BENCH_SCHEMA": schema, "BENCH_EVENTS": "\(events)",
      ]) { $1 })
    guard let line = output.split(separator: "\n").last,
      let answer = try? JSONDecoder().decode(Answer.self, from: Data(line.utf8))
    else { throw CheckFailure("\(peer) said: \(output)") }
    try check(answer.events == events, "\(peer) read \(answer.events) of \(events) events")
    return answer.seconds
  }
}
