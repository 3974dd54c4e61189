import Foundation
import LocalServers
import Postgres
import TestSupport

/// Moves over HTTP, each durable when it is answered: the token checked, the gate evaluated, state,
/// history and outbox written.
struct MovesFigure {
  static let connections = 32
  private static let duration: Duration = .seconds(15)

  let bench: Bench

  func measure() async throws {
    try await Cluster.lend([.stageService]) { cluster in
      let deals = try await Deals.make(bench.count(10_000), in: "general", of: cluster)
      let (rate, latencies, usage) = try await MovesFigure.move(deals, in: cluster)
      // The relay has its work behind it.
      try await cluster.withDatabase(of: .stageService) { pool in
        try await eventually(within: .seconds(60), "the outbox is empty") {
          try await pool.query("SELECT FROM outbox LIMIT 1").isEmpty
        }
      }
      let service = cluster.stageServices[0]
      _ = try await service.terminate()
      cluster.remove(service)
      let floor = try await PgBench(cluster: cluster).transactionsPerSecond(
        clients: MovesFigure.connections, for: MovesFigure.duration)
      bench.report.add(
        Figure(
          "moves", rate, "moves/s", floor: .init(name: "pgbench", value: floor),
          aim: "0.5 of the floor", usage: usage, parameters: ["deals": Double(deals.ids.count)]))
      for part in [0.5, 0.95, 0.99] {
        bench.report.add(
          Figure("moves.latency.p\(Int(part * 100))", latencies.at(part), "ms"))
      }
    }
  }

  private struct Share: Sendable {
    var moves = 0
    var latencies: [Double] = []
  }

  /// Moves them to and fro on all connections; moves per second, milliseconds of each.
  static func move(
    _ deals: Deals, in cluster: Cluster, for duration: Duration = duration
  ) async throws -> (rate: Double, latencies: Percentiles, usage: Usage) {
    let (url, token) = (cluster.stageServices[0].url, cluster.token)
    let meter = try cluster.meter()
    let clock = ContinuousClock()
    let start = clock.now
    let shares = try await onThreads(connections) { number in
      let connection = try HTTPConnection(url, token: token)
      var mine = stride(from: number, to: deals.ids.count, by: connections)
        .map { (id: deals.ids[$0], isAhead: false) }
      var share = Share()
      var index = 0
      while clock.now - start < duration {
        index = (index + 1) % mine.count
        let to = mine[index].isAhead ? "initial-contact" : "needs-analysis"
        let asked = clock.now
        let answer = try connection.post(
          "/v1/opportunities/\(mine[index].id)/moves", #"{"to":"\#(to)"}"#)
        guard answer.status == 200 else {
          throw CheckFailure("a move failed: \(String(decoding: answer.body, as: UTF8.self))")
        }
        share.latencies.append((clock.now - asked) / .milliseconds(1))
        share.moves += 1
        mine[index].isAhead.toggle()
      }
      return share
    }
    let seconds = (clock.now - start) / .seconds(1)
    return (
      Double(shares.reduce(0) { $0 + $1.moves }) / seconds,
      Percentiles(shares.flatMap(\.latencies)), meter.usage()
    )
  }
}

/// PostgreSQL's own load generator with the reads and the statement of a move on the same tables.
struct PgBench {
  let cluster: Cluster

  /// The deal as it is read; then state, history and outbox in one statement, with the bytes that a
  /// move really had.
  private static let script = """
    \\set n random(1, :deals)
    SELECT o.* FROM opportunities o JOIN bench_deals USING (id) WHERE n = :n;
    WITH written AS (
      UPDATE opportunities SET sequence = sequence + 1, stage = s.to_stage, category = 'open',
        entered_stage_at = now(), follow_up_due_at = now() + interval '3 days', updated_at = now(),
        name = opportunities.name, account = opportunities.account, owner = opportunities.owner,
        fields = opportunities.fields
      FROM bench_deals d, bench_move s WHERE d.n = :n AND opportunities.id = d.id
      RETURNING opportunities.id, epoch, sequence),
    recorded AS (
      INSERT INTO history (opportunity_id, epoch, sequence, event_id, type, data)
      SELECT id, epoch, sequence, gen_random_uuid(), s.type, s.data FROM written, bench_move s),
    queued AS (
      INSERT INTO outbox (bucket, topic, message_key, value, headers, created_at)
      SELECT 7, 'stage-changes.v1', convert_to(id::text, 'UTF8'), s.value, s.headers, now()
      FROM written, bench_move s)
    SELECT count(*) FROM written;
    """

  func transactionsPerSecond(clients: Int, for duration: Duration) async throws -> Double {
    let deals = try await cluster.withDatabase(of: .stageService) { pool -> Int in
      try await pool.execute(
        """
        CREATE TABLE bench_deals AS
        SELECT row_number() OVER (ORDER BY id) AS n, id FROM opportunities
        """)
      try await pool.execute("ALTER TABLE bench_deals ADD PRIMARY KEY (n)")
      // One event of a move, and as many header bytes as such a message has.
      try await pool.execute(
        """
        CREATE TABLE bench_move AS
        SELECT type, data, convert_to(data::text, 'UTF8') AS value, decode(repeat('00', 400), 'hex')
          AS headers, data->>'to' AS to_stage
        FROM history WHERE type = 'sluice.stage-moved.v1' LIMIT 1
        """)
      try await pool.execute("VACUUM ANALYZE opportunities, history, outbox, bench_deals")
      return try await pool.query("SELECT count(*) FROM bench_deals")[0].decode(0, as: Int.self)
    }
    let script = "\(cluster.directory)/move.sql"
    try PgBench.script.write(toFile: script, atomically: true, encoding: .utf8)
    guard let server = URLComponents(string: cluster.postgres.url) else {
      throw CheckFailure("no URL: \(cluster.postgres.url)")
    }
    var environment = ProcessInfo.processInfo.environment
    environment["PGPASSWORD"] = server.password
    environment["PGOPTIONS"] = "-c search_path=\(cluster.schema(of: .stageService))"
    let output = try await Tool.run(
      "\(PostgresTools.find().directory)/pgbench",
      [
        "--host=127.0.0.1", "--port=\(cluster.postgres.port)", "--username=sluice", "--no-vacuum",
        "--protocol=prepared", "--client=\(clients)", "--jobs=2",
        "--time=\(Int(duration / .seconds(1)))", "--define=deals=\(deals)", "--file=\(script)",
        "sluice",
      ], environment: environment)
    let line = output.split(separator: "\n").first { $0.hasPrefix("tps = ") }
    guard let rate = line?.split(separator: " ").dropFirst(2).first.flatMap({ Double($0) }) else {
      throw CheckFailure("pgbench said: \(output)")
    }
    return rate
  }
}
