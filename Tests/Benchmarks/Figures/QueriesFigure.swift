import Foundation
import Postgres
import TestSupport

/// Reading figures and lists where there are a million deals and five million visits.
struct QueriesFigure {
  private static let repetitions = 100
  /// A slow question is asked less often, but three times.
  private static let patience: Duration = .seconds(20)

  let bench: Bench

  func measure() async throws {
    let deals = bench.count(1_000_000)
    try await Cluster.lend([.stageService, .forecasting]) { cluster in
      try await cluster.publish(pipeline: "general")
      announce("  filling the tables of \(deals) deals")
      try await fill(deals, cluster)
      let size = ["deals": Double(deals), "visits": Double(deals * 5)]
      for (name, kind, path) in QueriesFigure.questions {
        let url = cluster.replicas(of: kind)[0].url
        let meter = try cluster.meter()
        let latencies = try QueriesFigure.ask(path, url, cluster.token)
        let usage = meter.usage()
        for part in [0.5, 0.95] {
          bench.report.add(
            Figure(
              "queries.\(name).p\(Int(part * 100))", latencies.at(part), "ms",
              aim: part == 0.95 ? "under 200" : nil, usage: usage, parameters: size))
        }
      }
    }
  }

  private static let questions: [(name: String, ServiceKind, path: String)] = [
    ("funnel", .forecasting, "/v1/funnel?pipeline=general"),
    ("funnel-of-team", .forecasting, "/v1/funnel?pipeline=general&team=team-3"),
    ("funnel-as-of", .forecasting, "/v1/funnel?pipeline=general&asOf=2026-03-01T00:00:00Z"),
    ("transitions", .forecasting, "/v1/transitions?pipeline=general"),
    ("dwell", .forecasting, "/v1/dwell?pipeline=general&stage=proposal"),
    ("bottlenecks", .forecasting, "/v1/bottlenecks?pipeline=general"),
    ("conversion-of-owner", .forecasting, "/v1/conversion?pipeline=general&owner=user-7"),
    ("list-by-stage", .stageService, "/v1/opportunities?pipeline=general&stage=proposal"),
    ("list-by-owner", .stageService, "/v1/opportunities?owner=user-7&limit=100"),
    ("list-by-text", .stageService, "/v1/opportunities?q=Account%204321"),
  ]

  /// Milliseconds of each answer, after some that do not count.
  private static func ask(_ path: String, _ url: String, _ token: String) throws -> Percentiles {
    let connection = try HTTPConnection(url, token: token)
    let clock = ContinuousClock()
    var samples: [Double] = []
    _ = try connection.get(path)
    let begin = clock.now
    while samples.count < repetitions, clock.now - begin < patience || samples.count < 3 {
      let start = clock.now
      let answer = try connection.get(path)
      try check(answer.status == 200, "\(path) answered \(answer.status)")
      samples.append((clock.now - start) / .milliseconds(1))
    }
    return Percentiles(samples)
  }

  /// What a million deals on their way would have left, written by the database itself.
  private func fill(_ deals: Int, _ cluster: Cluster) async throws {
    try await cluster.withDatabase(of: .stageService) { pool in
      for sql in QueriesFigure.opportunities { try await pool.execute(sql, deals) }
      try await pool.execute("VACUUM ANALYZE opportunities")
    }
    try await cluster.withDatabase(of: .forecasting) { pool in
      for sql in QueriesFigure.projections { try await pool.execute(sql, deals) }
      for table in [
        "applied_events", "visits", "current_stage", "stage_totals", "daily_changes",
        "dwell_totals",
        "deal_owners",
      ] {
        try await pool.execute("VACUUM ANALYZE \(table)")
      }
    }
  }

  private static let stages = """
    (ARRAY['initial-contact', 'needs-analysis', 'proposal', 'negotiation', 'contract'])
    """

  private static let opportunities = [
    """
    INSERT INTO opportunities (id, epoch, sequence, pipeline, pipeline_version, stage, category,
      name, account, owner, team, amount_minor, currency, fields, entered_stage_at, entry_unknown,
      created_at, updated_at)
    SELECT gen_random_uuid(), 1, 5, 'general', 1, \(stages)[n % 5 + 1], 'open', 'Deal ' || n,
      jsonb_build_object('name', 'Account ' || n % 5003), 'user-' || n % 997, 'team-' || n % 997 % 9,
      n * 100, 'CNY', '{"budget": 80000}', '2026-01-01T00:00:00Z', false, '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00Z'
    FROM generate_series(1, $1::bigint) AS n
    """
  ]

  /// Deal n was created in January and went on every ten days; the fifth visit lasts.
  private static let projections = [
    """
    CREATE TABLE bench_visits AS
    SELECT id, n, step, \(stages)[step] AS stage,
      timestamptz '2026-01-01T00:00:00Z' + make_interval(days => (n % 30)::int + 10 * (step - 1),
        secs => n % 86400) AS entered
    FROM (SELECT n, gen_random_uuid() AS id FROM generate_series(1, $1::bigint) AS n) AS deals,
      generate_series(1, 5) AS step
    """,
    """
    INSERT INTO applied_events (opportunity_id, epoch, sequence, event_id, type, pipeline, from_stage,
      to_stage, direction, owner, team, amount_minor, currency, occurred_at, recorded_at,
      entry_unknown, to_category, to_position)
    SELECT id, 1, step, gen_random_uuid(),
      CASE WHEN step = 1 THEN 'sluice.opportunity-created.v1' ELSE 'sluice.stage-moved.v1' END,
      'general', CASE WHEN step > 1 THEN \(stages)[step - 1] END, stage,
      CASE WHEN step > 1 THEN 'advance' END, 'user-' || n % 997, 'team-' || n % 997 % 9, n * 100, 'CNY',
      entered, entered, false, 'open', step - 1
    FROM bench_visits WHERE n <= $1::bigint
    """,
    """
    INSERT INTO visits (opportunity_id, entered_sequence, pipeline, stage, category, entered_at,
      left_at, left_sequence, left_to, direction, left_category, left_owner, left_team, left_currency,
      left_amount_minor)
    SELECT id, step, 'general', stage, 'open', entered,
      CASE WHEN step < 5 THEN entered + interval '10 days' END,
      CASE WHEN step < 5 THEN step + 1 END, CASE WHEN step < 5 THEN \(stages)[step + 1] END,
      CASE WHEN step < 5 THEN 'advance' END, CASE WHEN step < 5 THEN 'open' END,
      CASE WHEN step < 5 THEN 'user-' || n % 997 END,
      CASE WHEN step < 5 THEN 'team-' || n % 997 % 9 END, CASE WHEN step < 5 THEN 'CNY' END,
      CASE WHEN step < 5 THEN n * 100 END
    FROM bench_visits WHERE n <= $1::bigint
    """,
    """
    INSERT INTO current_stage (opportunity_id, epoch, sequence, pipeline, pipeline_version, stage,
      category, position, owner, team, amount_minor, currency, name, account, entered_at,
      entered_sequence, occurred_at, created_at)
    SELECT id, 1, 5, 'general', 1, \(stages)[n % 5 + 1], 'open', n % 5, 'user-' || n % 997,
      'team-' || n % 997 % 9, n * 100, 'CNY', 'Deal ' || n, 'Account ' || n % 5003, entered, 5, entered,
      entered - interval '40 days'
    FROM bench_visits WHERE step = 5 AND n <= $1::bigint
    """,
    """
    INSERT INTO stage_totals (pipeline, stage, owner, team, currency, shard, deals, amount_minor,
      entered, advanced, back, lost, reopened, ended_known, dwell_seconds)
    SELECT 'general', stage, 'user-' || n % 997, 'team-' || n % 997 % 9, 'CNY', n % 4,
      count(*) FILTER (WHERE step = 5), coalesce(sum(n * 100) FILTER (WHERE step = 5), 0), count(*),
      count(*) FILTER (WHERE step < 5), 0, 0, 0, count(*) FILTER (WHERE step < 5),
      count(*) FILTER (WHERE step < 5) * 864000
    FROM bench_visits WHERE n <= $1::bigint GROUP BY stage, n % 997, n % 4
    """,
    """
    INSERT INTO daily_changes (day, pipeline, stage, to_stage, team, currency, shard, deals,
      amount_minor, entered, advanced, won, back, lost, reopened, ended_known, dwell_seconds)
    SELECT (at AT TIME ZONE 'UTC')::date, 'general', stage, to_stage, 'team-' || n % 997 % 9, 'CNY',
      n % 4, sum(deals), sum(deals * n * 100), sum(entered), sum(ended), 0, 0, 0, 0, sum(ended),
      sum(ended) * 864000
    FROM (
      SELECT n, stage, entered AS at, '' AS to_stage, 1 AS deals, 1 AS entered, 0 AS ended
      FROM bench_visits WHERE n <= $1::bigint
      UNION ALL
      SELECT n, stage, entered + interval '10 days', '', -1, 0, 0
      FROM bench_visits WHERE n <= $1::bigint AND step < 5
      UNION ALL
      SELECT n, stage, entered + interval '10 days', \(stages)[step + 1], 0, 0, 1
      FROM bench_visits WHERE n <= $1::bigint AND step < 5
    ) AS parts
    GROUP BY 1, stage, to_stage, n % 997 % 9, n % 4
    """,
    """
    INSERT INTO dwell_totals (pipeline, stage, team, bucket, ending, shard, visits)
    SELECT 'general', stage, 'team-' || n % 997 % 9, 1000, 'advance', n % 4, count(*)
    FROM bench_visits WHERE n <= $1::bigint AND step < 5 GROUP BY stage, n % 997 % 9, n % 4
    """,
    """
    INSERT INTO deal_owners (owner_hash, opportunity_id)
    SELECT hashtextextended('user-' || n % 997, 0), id FROM bench_visits
    WHERE step = 1 AND n <= $1::bigint
    """,
  ]
}
