import Postgres
import TestSupport

/// An organisation with the deals of two years, written into the tables of stage-service by the
/// database itself: teams of 50 people, who have 200 deals each, so that pages are as full in a small
/// organisation as in a large one.
///
/// Two thirds of the older deals are lost, a third is won; names are half Chinese and half English.
struct StoredDeals: Sendable {
  /// Words of names, each in Chinese and English.
  static let commonWords = ["续签", "renewal"]
  /// In one of 300 names each.
  static let mediumWords = ["灯塔", "lighthouse"]
  /// In twenty names each, however many deals there are.
  static let rareWords = ["翡翠", "zephyr"]
  /// Of one account with 50 deals; all of its pairs of digits are in many names.
  static let accountNumber = "10017"
  static let person = "user-0"
  static let team = "team-0"
  /// Of the team.
  static let lead = "lead-of-team-0"

  let cluster: Cluster
  let count: Int
  /// A deal in the middle of the list.
  let middle: String
  /// Open deals in the first stage.
  let movable: [String]

  static func fill(_ count: Int, in cluster: Cluster) async throws -> StoredDeals {
    try await cluster.publish(pipeline: "general")
    return try await cluster.withDatabase(of: .stageService) { pool in
      // The index of names is made anew at the end, as that is faster.
      let grams = try await pool.query(
        "SELECT pg_get_indexdef('opportunity_names_grams'::regclass)")[0].decode(0, as: String.self)
      try await pool.execute("DROP INDEX opportunity_names_grams")
      try await pool.execute(deals, count)
      for sql in [opportunities, history, directory, revision] { try await pool.execute(sql) }
      try await pool.execute(grams)
      try await pool.execute("VACUUM ANALYZE")
      try await pool.execute("CHECKPOINT")
      let middle = try await pool.query(
        "SELECT id::text FROM bench_deals WHERE n = (SELECT max(n) / 2 FROM bench_deals)")
      let movable = try await pool.query(
        """
        SELECT id::text FROM bench_deals WHERE stage = 'initial-contact' ORDER BY md5(id::text)
        LIMIT 1000
        """)
      return StoredDeals(
        cluster: cluster, count: count, middle: try middle[0].decode(0),
        movable: try movable.map { try $0.decode(0) })
    }
  }

  private static let deals = """
    CREATE TABLE bench_deals AS
    SELECT n, made, 'user-' || owner AS owner, 'team-' || owner % teams AS team, company,
      (lpad(to_hex((extract(epoch FROM made) * 1000)::bigint), 12, '0') || '7'
        || substr(noise, 1, 3) || '8' || substr(noise, 4, 15))::uuid AS id,
      CASE WHEN n > deals * 0.7 OR chance < 5 THEN
        (ARRAY['initial-contact', 'needs-analysis', 'proposal', 'negotiation', 'contract'])
          [chance % 5 + 1]
        WHEN chance < 37 THEN 'won' ELSE 'lost' END AS stage,
      CASE
        WHEN n % step = n / step * 7919 % step THEN company || '翡翠计划'
        WHEN n % step = n / step * 7907 % step THEN 'Zephyr at ' || company
        WHEN chosen % 300 = 7 THEN company || '灯塔项目'
        WHEN chosen % 300 = 8 THEN 'Lighthouse for ' || company
        WHEN chosen % 2 = 0 THEN company || (ARRAY['采购项目', '续签合同', '系统升级', '年度框架',
          '试点项目', '扩容改造', '运维服务', '设备更新', '数据平台', '门店上线'])[chosen / 2 % 10 + 1]
        ELSE (ARRAY['Purchase', 'Renewal', 'Upgrade', 'Framework', 'Pilot', 'Expansion', 'Support',
          'Replacement', 'Migration', 'Rollout'])[chosen / 2 % 10 + 1] || ' for ' || company
        END AS name
    FROM (
      SELECT *, n * 7919 % owners AS owner, (hashint8(n) & 65535) % 100 AS chance,
        hashint8(-n) & 65535 AS chosen, greatest(50, deals / 20) AS step,
        md5(n::text) AS noise,
        timestamptz '2025-01-01T00:00:00Z' + make_interval(secs => 60000000.0 * n / deals) AS made,
        CASE WHEN account % 2 = 0 THEN
          (ARRAY['北京', '上海', '广州', '深圳', '杭州', '成都', '武汉', '西安'])[account % 8 + 1]
          || (ARRAY['华能', '恒泰', '金石', '云图', '天工', '博远', '启航', '鼎新'])
            [account / 8 % 8 + 1]
          || (ARRAY['科技', '制造', '医疗', '物流', '能源', '建设'])[account / 64 % 6 + 1]
          || '有限公司'
        ELSE
          (ARRAY['Northwind', 'Harbor', 'Summit', 'Cedar', 'Granite', 'Falcon', 'Orchid', 'Delta'])
            [account % 8 + 1] || ' '
          || (ARRAY['Systems', 'Foods', 'Medical', 'Logistics', 'Energy', 'Steel'])
            [account / 8 % 6 + 1] || ' Ltd' END || ' ' || 10000 + account AS company
      FROM (
        SELECT *, n * 104729 % accounts AS account
        FROM (
          SELECT $1::bigint AS deals, greatest(10, $1 / 200) AS owners,
            greatest(1, $1 / 10000) AS teams, greatest(20, $1 / 50) AS accounts) AS size,
          generate_series(1, deals) AS n) AS numbers) AS deals
    """

  private static let opportunities = """
    INSERT INTO opportunities (id, epoch, sequence, pipeline, pipeline_version, stage, category,
      closed_from, name, account, owner, team, amount_minor, currency, fields, entered_stage_at,
      entry_unknown, follow_up_due_at, created_at, updated_at)
    SELECT id, 1, 3, 'general', 1, stage,
      CASE WHEN stage IN ('won', 'lost') THEN stage ELSE 'open' END,
      CASE WHEN stage IN ('won', 'lost') THEN 'negotiation' END, name,
      jsonb_build_object('name', company), owner, team, n % 9973 * 10000, 'CNY',
      '{"customerNeeds": "faster quotes", "budget": 80000, "decisionMaker": "Li"}', made, false,
      made + interval '3 days', made, made
    FROM bench_deals ORDER BY n
    """

  private static let history = """
    INSERT INTO history (opportunity_id, epoch, sequence, event_id, type, data)
    SELECT id, 1, step, gen_random_uuid(),
      CASE step WHEN 1 THEN 'sluice.opportunity-created.v1' ELSE 'sluice.stage-moved.v1' END,
      jsonb_build_object('opportunityId', id, 'epoch', 1, 'sequence', step, 'pipeline', 'general',
        'pipelineVersion', 1, 'actor', owner, 'owner', owner, 'team', team, 'to', stage,
        'occurredAt', made, 'recordedAt', made, 'followUpDueAt', made, 'benchmarkDays', 7)
    FROM bench_deals, generate_series(1, 3) AS step ORDER BY n
    """

  private static let directory = """
    INSERT INTO directory_entries (kind, id, version, entry)
    SELECT kind, id, 1, entry || jsonb_build_object('id', id, 'version', 1,
      'changedAt', '2025-01-01T00:00:00.000000Z', 'changedBy', 'bench')
    FROM (
      SELECT 'person' AS kind, id, '{"roles": [], "timeZone": "Asia/Shanghai", "language": "zh",
        "channels": [], "active": true}' || jsonb_strip_nulls(
          jsonb_build_object('name', id, 'teamId', team)) AS entry
      FROM (
        SELECT DISTINCT owner AS id, team FROM bench_deals
        UNION SELECT DISTINCT 'lead-of-' || team, NULL FROM bench_deals) AS people
      UNION ALL
      SELECT DISTINCT 'team', team, jsonb_build_object('managerId', 'lead-of-' || team)
      FROM bench_deals) AS entries
    """

  private static let revision = "UPDATE directory_revision SET revision = revision + 1"
}
