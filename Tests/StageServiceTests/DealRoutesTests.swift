import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

/// Assigning, holding, ticking and hearing of deals over HTTP.
@Suite struct DealRoutesTests {
  private static let definition: JSONValue = [
    "name": ["zh": "流程", "en": "Pipeline"],
    "lossReasons": [["key": "price", "name": ["zh": "价格", "en": "Price"]]],
    "fields": [["key": "need", "name": ["zh": "需求", "en": "Need"], "type": "text"]],
    "stages": [
      [
        "key": "talk", "name": ["zh": "洽谈", "en": "Talk"], "category": "open",
        "requiredFields": ["need"], "followUpDays": 3, "forecastCategory": "pipeline",
        "department": ["zh": "销售部", "en": "Sales"],
        "checklist": [["key": "intro", "name": ["zh": "已介绍", "en": "Introduced"]]],
        "deciders": ["won": "manager"],
      ],
      [
        "key": "quote", "name": ["zh": "报价", "en": "Quote"], "category": "open",
        "department": ["zh": "售前部", "en": "Presales"],
      ],
      ["key": "won", "name": ["zh": "赢单", "en": "Won"], "category": "won"],
      ["key": "lost", "name": ["zh": "输单", "en": "Lost"], "category": "lost"],
    ],
  ]

  /// The path of a new deal of that pipeline.
  private func deal(_ api: API, _ members: [String: JSONValue] = [:]) async throws -> String {
    let published = try await api.send(
      .post, "/v1/pipelines", ["key": "deals", "definition": Self.definition], as: .admin)
    try #require([200, 201].contains(published.status), "\(published.body)")
    let id = try await api.create(members.merging(["pipeline": "deals"]) { $1 })
    return "/v1/opportunities/\(id)"
  }

  @Test func aDealIsAssignedHeldAndResumed() async throws {
    try await withAPI { api in
      let path = try await deal(api)
      let assigned = try await api.send(
        .post, "\(path)/assign", ["owner": "wang.wu", "team": .null, "reason": "leave"])
      #expect(assigned.status == 200 && assigned.etag == "\"2\"")
      #expect(assigned["owner"] == "wang.wu" && assigned["team"] == .null)
      #expect(try await api.send(.post, "\(path)/assign", [:]).codes == ["required"])

      let held = try await api.send(
        .post, "\(path)/hold", ["reason": "frozen", "until": "2999-01-01T00:00:00Z"])
      #expect(held.status == 200, "\(held.body)")
      #expect(held["hold"]["reason"] == "frozen" && held["followUpDueAt"] == .null)
      let listed = try await api.get("/v1/opportunities?pipeline=deals")["items"].items
      #expect(listed.first?["hold"]["until"] == "2999-01-01T00:00:00.000000Z")
      #expect(
        try await api.send(.post, "\(path)/hold", ["reason": "x"]).codes == ["already-on-hold"])
      #expect(try await api.send(.post, "\(path)/hold", [:]).status == 400)
      let resumed = try await api.send(.post, "\(path)/resume")
      #expect(resumed["hold"] == .null && resumed["followUpDueAt"].text != nil)
      #expect(try await api.send(.post, "\(path)/resume").codes == ["not-on-hold"])

      let history = try await api.get("\(path)/history")["items"].items
      #expect(
        history.map { $0["changes"].items.compactMap { $0["field"].text } }
          == [[], ["owner", "team"], ["hold"], ["hold"]])
      #expect(history[1]["actor"] == "li.na" && history[1]["reason"] == "leave")
      #expect(
        try await api.send(.post, "\(path)/assign", ["owner": "x"], as: .viewer).status == 403)
    }
  }

  @Test func ticksFeedbackForecastAndPushesAreShown() async throws {
    try await withAPI { api in
      let path = try await deal(api)
      #expect(try await api.get(path)["forecastCategory"] == "pipeline")
      let ticked = try await api.send(
        .post, "\(path)/checklist", ["item": "intro", "done": true])
      #expect(ticked["checklist"]["talk"]["intro"]["by"] == "li.na")
      let unknown = try await api.send(.post, "\(path)/checklist", ["item": "x", "done": true])
      #expect(unknown.status == 422 && unknown.codes == ["unknown-checklist-item"])
      let said = try await api.send(
        .post, "\(path)/feedback", ["score": 4, "text": "可以", "at": "2026-03-02T09:00:00Z"])
      #expect(said["feedback"]["talk"]["score"] == 4)
      #expect(said["feedback"]["talk"]["explicit"] == true)
      #expect(
        try await api.send(.post, "\(path)/feedback", ["score": 0, "text": "x"]).codes
          == ["out-of-range"])
      for date in ["2026-06-30", "2026-07-31"] as [JSONValue] {
        _ = try await api.send(
          .patch, path, ["expectedClose": date, "forecastCategory": "best-case"])
      }
      let read = try await api.get(path)
      #expect(read["pushCount"] == 1 && read["forecastCategory"] == "best-case")
      #expect(try await api.send(.patch, path, ["forecastCategory": "sure"]).status == 400)
      let proof: JSONValue = ["kind": "document", "evidence": ["url": "https://example.com/1"]]
      #expect(try await api.send(.post, "\(path)/activities", proof).status == 201)
      let evidence = try await api.get(path)["evidence"]
      #expect(evidence["document"]["link"]["url"] == "https://example.com/1")
    }
  }

  @Test func aMoveSaysWhoTakesOverAndWhatIsMissingByItsName() async throws {
    try await withAPI { api in
      let path = try await deal(api)
      let refused = try await api.send(.post, "\(path)/moves", ["to": "quote"])
      #expect(refused.status == 422 && refused["code"] == "gate-refused")
      #expect(refused["errors"].items.first?["message"]["zh"] == "离开“洽谈”前须填写“需求”")
      let typed = try await api.send(.patch, path, ["fields": ["need": 7]])
      #expect(typed.status == 422 && typed.codes == ["invalid-field"])
      let possible = try await api.get("\(path)/moves")["items"].items
      let won = possible.first { $0["to"] == "won" }
      #expect(won?["decider"] == "manager" && won?["open"] == false)
      #expect(
        won?["missing"].items.compactMap { $0["supplier"] } == ["manager", "owner"])
      #expect(
        try await api.send(.post, "\(path)/lose", ["reason": "x"]).codes == ["unknown-loss-reason"])
      let moved = try await api.send(
        .post, "\(path)/moves", ["to": "quote", "fields": ["need": "x"]])
      #expect(
        moved["handOff"]["from"]["en"] == "Sales" && moved["handOff"]["to"]["en"] == "Presales")
      let history = try await api.get("\(path)/history")["items"].items
      #expect(history.last?["handOff"]["to"]["zh"] == "售前部")
    }
  }

  @Test func onlyAnAdministratorOverrides() async throws {
    try await withAPI { api in
      let path = try await deal(api)
      let body: JSONValue = ["to": "quote", "override": ["reason": "the board agreed"]]
      for role in [Role.rep, .manager] {
        let refused = try await api.send(.post, "\(path)/moves", body, as: role)
        #expect(refused.status == 403 && refused.codes == ["override-not-allowed"])
      }
      let moved = try await api.send(.post, "\(path)/moves", body, as: .admin)
      #expect(moved.status == 200)
      let last = try await api.get("\(path)/history")["items"].items.last
      #expect(last?["override"]["reason"] == "the board agreed")
      #expect(last?["violations"].items.compactMap { $0["code"].text } == ["field-required"])
    }
  }

  @Test func aHoldEndsByItselfWhenItsTimeHasCome() async throws {
    try await withAPI { api in
      let path = try await deal(api)
      let open = try await deal(api)
      let until = Instant.now().adding(days: 1)
      for held in [path, open] {
        let body: JSONValue =
          held == path
          ? ["reason": "frozen", "until": .string(until.description)] : ["reason": "frozen"]
        #expect(try await api.send(.post, "\(held)/hold", body).status == 200)
      }
      let expiry = HoldExpiry(
        batch: DealBatch(
          pool: api.pool, catalog: PipelineCatalog(pool: api.pool), recorder: Recorder(epoch: 1),
          directory: DirectoryCache(pool: api.pool), committed: WakeSignal()))
      #expect(try await expiry.run(at: until.adding(seconds: -1)) == 0)
      #expect(try await expiry.run(at: until) == 1)
      #expect(try await expiry.run(at: until) == 0)
      #expect(try await api.get(path)["hold"] == .null)
      #expect(try await api.get(open)["hold"] != .null)
      let last = try await api.get("\(path)/history")["items"].items.last
      #expect(last?["actor"] == "service:stage-service")
      #expect(try await api.outboxCount(of: .stageChanges) == 5)
    }
  }
}

@Suite struct DealStateMigrationTests {
  @Test func whatTheEventsSaidBeforeIsStillKnown() async throws {
    let all = StageServiceMigrations.set
    let before = MigrationSet(all.name, all.migrations.filter { $0.number < 4 })
    try await withTestDatabase { database in
      let sets = [MessagingMigrations.set]
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: sets + [before], logger: quiet)
      let id = Fixture.dealID
      try await database.pool.execute(
        """
        INSERT INTO opportunities
          (id, epoch, sequence, pipeline, pipeline_version, stage, category, name, account, fields,
           entered_stage_at, entry_unknown, created_at, updated_at)
        VALUES ($1, 1, 9, 'p', 1, 's', 'open', 'n', '{"name": "a"}', '{}', $2, false, $2, $2)
        """, id, Fixture.start)
      func told(
        _ sequence: Int64, _ type: StageEventType, _ change: (inout StageEventData) -> Void
      ) async throws {
        var data = StageEventData(
          opportunityId: id, epoch: 1, sequence: sequence, pipeline: "p", pipelineVersion: 1,
          actor: "a", occurredAt: Fixture.start, recordedAt: Fixture.start)
        change(&data)
        try await database.pool.execute(
          """
          INSERT INTO history (opportunity_id, epoch, sequence, event_id, type, data)
          VALUES ($1, 1, $2, $3, $4, $5)
          """, id, sequence, Fixture.id(UInt64(sequence)), type.rawValue,
          PostgresJSON(try JSONCoding.encode(data)))
      }
      let link = EvidenceLink(url: "u", title: "t")
      let seen: [(String, EvidenceLink?)] = [
        ("document", EvidenceLink(url: "old")), ("document", link), ("email", nil), ("call", nil),
      ]
      for (index, (kind, evidence)) in seen.enumerated() {
        try await told(Int64(index + 2), .activityRecorded) {
          $0.activity = ActivityRecord(
            source: "s", id: "\(index)", kind: kind, at: Fixture.start, evidence: evidence)
        }
      }
      let dates: [JSONValue] = [.null, "2026-06-30", "2026-07-31", "2026-07-01", .null]
      for (index, (old, new)) in zip(dates, dates.dropFirst()).enumerated() {
        try await told(Int64(index + 6), .changed) {
          $0.changes = [FieldChange(field: "expectedClose", old: old, new: new)]
        }
      }
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: sets + [all], logger: quiet)
      let deal = try #require(try await OpportunityStore(pool: database.pool).find(id))
      var expected = DealState()
      expected.evidence = [
        "document": .init(at: Fixture.start, link: link), "call": .init(at: Fixture.start),
      ]
      expected.pushCount = 1
      #expect(deal.state == expected)
      var filter = OpportunityFilter()
      filter.text = "N"
      #expect(try await OpportunityStore(pool: database.pool).list(filter).map(\.id) == [id])
      let accounts = try await AccountStore(pool: database.pool)
        .list(containing: "a", in: nil, after: nil, limit: 10)
      #expect(accounts.map(\.account.name) == ["a"] && accounts.map(\.deals) == [1])
    }
  }
}
