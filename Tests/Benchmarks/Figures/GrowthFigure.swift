import Contracts
import Foundation
import Postgres
import TestSupport

/// How projector and moves fare as the stored events grow, and with more workers.
struct GrowthFigure {
  private static let sizes = [10_000, 100_000, 1_000_000, 10_000_000]
  private static let workers = [1, 2, 4]
  private static let eventsPerWorkerRun = 300_000

  let bench: Bench

  func measure() async throws {
    var projector: [(Double, Double)] = []
    let sizes = GrowthFigure.sizes.map { bench.count($0) }
    let course = try await self.course(events: sizes[sizes.count - 1])
    for size in sizes {
      guard let rate = GrowthFigure.rate(at: size, in: course) else { continue }
      projector.append((Double(size), rate))
      bench.report.add(
        Figure(
          "growth.projector", rate, "events/s", parameters: ["stored": Double(size)]))
    }
    let moves = try await self.moves(sizes)
    for workers in GrowthFigure.workers {
      let events = bench.count(GrowthFigure.eventsPerWorkerRun)
      let rate = try await Cluster.lend([], settings: ["SLUICE_CONSUMER_WORKERS": "\(workers)"]) {
        cluster in
        var deals = DealEvents()
        try await cluster.writeBacklog(events, to: .stageChanges) {
          try deals.next().wireMessage(source: "/bench")
        }
        return try await ProjectorRun.measure(cluster, events: events).rate
      }
      bench.report.add(
        Figure(
          "growth.workers", rate, "events/s",
          parameters: ["workers": Double(workers), "events": Double(events)]))
    }
    try GrowthPlot(
      title: "Rate by events stored", lines: [("projector", projector), ("moves", moves)]
    ).svg.write(
      to: bench.report.folder.appending(path: "growth.svg"), atomically: true, encoding: .utf8)
  }

  /// One replica reads them all; how far it was when.
  private func course(events: Int) async throws -> [(seconds: Double, events: Int)] {
    try await Cluster.lend([]) { cluster in
      announce("  writing \(events) events")
      var deals = DealEvents()
      try await cluster.writeBacklog(events, to: .stageChanges) {
        try deals.next().wireMessage(source: "/bench")
      }
      return try await ProjectorRun.measure(cluster, events: events).course
    }
  }

  /// Over the events from half of `size` up to it.
  private static func rate(
    at size: Int, in course: [(seconds: Double, events: Int)]
  ) -> Double? {
    guard let end = course.first(where: { $0.events >= size }),
      let start = course.last(where: { $0.events <= size / 2 }), end.seconds > start.seconds
    else { return nil }
    return Double(end.events - start.events) / (end.seconds - start.seconds)
  }

  /// Moves per second with so many events in the history.
  private func moves(_ sizes: [Int]) async throws -> [(Double, Double)] {
    try await Cluster.lend([.stageService]) { cluster in
      let deals = try await Deals.make(bench.count(10_000), in: "general", of: cluster)
      var rates: [(Double, Double)] = []
      for size in sizes {
        try await fill(upTo: size, cluster)
        let (rate, _, _) = try await MovesFigure.move(deals, in: cluster, for: .seconds(8))
        rates.append((Double(size), rate))
        bench.report.add(
          Figure("growth.moves", rate, "moves/s", parameters: ["stored": Double(size)]))
      }
      return rates
    }
  }

  /// Deals of five events each, as they would stand in the tables.
  private func fill(upTo size: Int, _ cluster: Cluster) async throws {
    try await cluster.withDatabase(of: .stageService) { pool in
      let have: Int = try await pool.query("SELECT count(*) FROM history")[0].decode(0)
      guard size > have else { return }
      try await pool.execute(
        """
        WITH deals AS (
          INSERT INTO opportunities (id, epoch, sequence, pipeline, pipeline_version, stage, category,
            name, account, owner, team, amount_minor, currency, fields, entered_stage_at,
            entry_unknown, created_at, updated_at)
          SELECT gen_random_uuid(), 1, 5, 'general', 1, 'contract', 'open', 'Deal ' || n,
            '{"name": "Account"}', 'user-' || n % 997, 'team-' || n % 9, n * 100, 'CNY', '{}',
            now(), false, now(), now()
          FROM generate_series(1, $1::bigint / 5) AS n RETURNING id)
        INSERT INTO history (opportunity_id, epoch, sequence, event_id, type, data)
        SELECT id, 1, step, gen_random_uuid(), model.type, model.data
        FROM deals, generate_series(1, 5) AS step,
          (SELECT type, data FROM history ORDER BY position DESC LIMIT 1) AS model
        """, size - have)
      try await pool.execute("VACUUM ANALYZE opportunities, history")
    }
  }
}
