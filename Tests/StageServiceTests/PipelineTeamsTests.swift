import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

/// Pipelines that belong to teams: whose deals stand in them, by every way, and who reads and drafts
/// them. The organisation is that of ``Staff``.
@Suite struct PipelineTeamsTests {
  /// Owner, team, and where it is refused in a pipeline of the team east.
  private static let rows: [(owner: String?, team: String?, pointers: [String])] = [
    ("li.na", "east", []), ("li.na", nil, []), ("chen.hao", "east-1", []), ("chen.hao", nil, []),
    (nil, "east-1", []), ("ghost", "east", []), ("ghost", nil, ["/team"]), (nil, nil, ["/team"]),
    ("he.yan", "west", ["/owner", "/team"]), ("he.yan", "east", ["/owner"]),
    ("li.na", "west", ["/team"]), ("li.na", "north", ["/team"]), ("li.na", "china", ["/team"]),
    // They are in no team.
    ("gu.wen", "east", ["/owner"]), ("zhou.ting", nil, ["/owner"]),
  ]

  private static func definition(_ teams: String...) -> PipelineDefinition {
    PipelineDefinition(
      name: LocalizedText(zh: "流程", en: "Pipeline"), teams: teams,
      stages: [
        Stage(key: "talk", name: LocalizedText(zh: "洽谈", en: "Talk"), category: .open),
        Stage(key: "won", name: LocalizedText(zh: "赢单", en: "Won"), category: .won),
      ])
  }

  private func decide(
    _ action: StageCommand.Action, on deal: Opportunity? = nil, in definition: PipelineDefinition,
    mode: DecisionContext.Mode = .live
  ) -> Result<StageEvent, Refusal> {
    var decider = Fixture.decider(mode: mode, definition: definition)
    decider.context.people = Staff.directory
    return decider.decide(Fixture.command(action), on: deal)
  }

  @Test func aDealIsMadeForThoseOfTheTeamsAndBelow() throws {
    for (owner, team, pointers) in Self.rows {
      let create = StageCommand.Action.create(
        Fixture.new {
          $0.owner = owner
          $0.team = team
        })
      let result = decide(create, in: Self.definition("east"))
      let row = "\(owner ?? "-") of \(team ?? "-")"
      #expect(result.refusal?.failures.map(\.pointer) ?? [] == pointers, "\(row)")
      for failure in result.refusal?.failures ?? [] {
        #expect(failure.code == "outside-pipeline" && failure.supplier == "role:admin")
        #expect(failure.message.zh.contains("east") && failure.message.en.contains("east"))
      }
      let imported = try decide(create, in: Self.definition("east"), mode: .historical).get()
      #expect(imported.violations.map(\.pointer) == pointers, "\(row)")
      #expect(decide(create, in: Self.definition()).refusal == nil, "a pipeline of all: \(row)")
      let isEastern = pointers.isEmpty
      #expect(
        (decide(create, in: Self.definition("west", "east")).refusal == nil)
          == (isEastern || owner == "he.yan" || owner == "li.na" && team == "west"), "\(row)")
    }
  }

  @Test func aDealIsGivenToThoseOfTheTeamsAndBelow() throws {
    let definition = Self.definition("east")
    let deal = try #require(
      Opportunity(try decide(.create(Fixture.new()), in: definition).get()))
    let rows: [(StageCommand.Assignment, [String])] = [
      (.init(owner: .set("chen.hao")), []), (.init(owner: .set("he.yan")), ["/owner"]),
      (.init(team: .set("east-1")), []), (.init(team: .set("west")), ["/team"]),
      (.init(owner: .set("he.yan"), team: .set("west")), ["/owner", "/team"]),
      (.init(owner: .set("ghost")), []), (.init(owner: .set("ghost"), team: .clear), ["/team"]),
      (.init(owner: .clear), []), (.init(team: .clear), []),
      (.init(owner: .clear, team: .clear), ["/team"]),
    ]
    for (assignment, pointers) in rows {
      let result = decide(.assign(assignment), on: deal, in: definition)
      #expect(result.refusal?.failures.map(\.pointer) ?? [] == pointers, "\(assignment)")
      let imported = try decide(
        .assign(assignment), on: deal, in: definition, mode: .historical
      ).get()
      #expect(imported.violations.map(\.pointer) == pointers, "\(assignment)")
    }
  }

  @Test func everyWayRefusesTheSame() async throws {
    try await withPipelines { api in
      let deal = API.deal(["pipeline": "of-east", "owner": "he.yan", "team": "west"])
      let made = try await api.send(.post, "/v1/opportunities", deal, as: .admin)
      #expect(made.status == 422 && made["code"] == "gate-refused")
      #expect(made.codes == ["outside-pipeline", "outside-pipeline"])
      #expect(made["errors"].items.map { $0["supplier"] } == ["role:admin", "role:admin"])
      let id = try await api.create(["pipeline": "of-east"])
      let given = try await api.send(
        .post, "/v1/opportunities/\(id)/assign", ["owner": "he.yan"], as: .admin)
      #expect(given.status == 422 && given.codes == ["outside-pipeline"])
      let bulk = try await api.send(
        .post, "/v1/opportunities:bulk",
        ["operation": "assign", "ids": [.string(id)], "owner": "he.yan"], as: .admin)
      #expect(
        bulk["items"].items.first?["errors"].items.map { $0["code"] } == ["outside-pipeline"])

      let foreign = Fixture.new {
        $0.pipeline = "of-east"
        $0.owner = "he.yan"
        $0.team = "west"
      }
      for (topic, outcome) in [
        (Topic.stageCommands, CommandResult.Outcome.refused), (.importCommands, .accepted),
      ] {
        let results = try await handle(
          [(Fixture.dealID, .create(foreign)), (try #require(EntityID(id)), Self.toWest)], topic,
          api)
        #expect(results.map(\.outcome) == [outcome, outcome])
        #expect(
          results.map { $0.errors.map(\.code) }
            == [["outside-pipeline", "outside-pipeline"], ["outside-pipeline"]])
      }
    }
  }

  private static let toWest = StageCommand.Action.assign(.init(owner: .set("he.yan")))

  private func handle(
    _ commands: [(EntityID, StageCommand.Action)], _ topic: Topic, _ api: API
  ) async throws -> [CommandResult] {
    let handler = CommandHandler(
      catalog: PipelineCatalog(pool: api.pool), directory: DirectoryCache(pool: api.pool),
      recorder: Recorder(epoch: 1))
    let messages = try commands.enumerated().map { number, command in
      ConsumedMessage(
        offset: Int64(number), timestamp: nil,
        wire: try StageCommand(
          id: .make(at: .now()), opportunityId: command.0, action: command.1
        ).wireMessage(source: "test"))
    }
    let outcome = try await api.pool.transaction {
      try handler.handle(
        ConsumedBatch(topic: topic, partition: 0, messages: messages), in: $0, now: .now())
    }
    return try outcome.outbox.filter { $0.topic == .commandResults }.map {
      try JSONCoding.decode(CommandResult.self, from: $0.wire.value ?? [])
    }
  }

  // MARK: Who reads and drafts them

  /// Relations to the pipelines of each team, as a rep and as a manager.
  @Test func thePolicyFollowsTheTree() {
    func verdicts(_ subject: String, _ role: Role, _ action: AccessPolicy.Action) -> [Bool] {
      let caller = Caller(subject: subject, roles: [role], in: Staff.directory)
      let all = [["china"], ["east"], ["east-1"], ["west"], ["east", "west"], ["north"], []]
      return all.map { teams in
        let refusal = caller.refusal(action, onPipelineOf: teams)
        if action == .readPipelines {
          let isListed =
            caller.pipelineTeams.map { teams.isEmpty || !$0.isDisjoint(with: teams) } ?? true
          #expect(isListed == (refusal == nil))
        }
        return refusal == nil
      }
    }
    let rows: [(String, Role, AccessPolicy.Action, String)] = [
      ("li.na", .rep, .readPipelines, "++--+-+"), ("chen.hao", .rep, .readPipelines, "+++-+-+"),
      ("he.yan", .rep, .readPipelines, "+--++-+"), ("gu.wen", .rep, .readPipelines, "------+"),
      ("wang.li", .manager, .readPipelines, "+++-+-+"),
      ("zhou.ting", .manager, .readPipelines, "+++++-+"),
      ("he.yan", .viewer, .readPipelines, "+++++++"), ("he.yan", .admin, .readPipelines, "+++++++"),
      ("ghost", .rep, .readPipelines, "+++++++"), ("li.na", .rep, .comment, "++--+-+"),
      ("li.na", .rep, .writeDrafts, "-------"), ("li.na", .manager, .writeDrafts, "------+"),
      ("wang.li", .manager, .writeDrafts, "-++-+-+"),
      ("sun.fei", .manager, .writeDrafts, "---++-+"),
      ("zhou.ting", .manager, .writeDrafts, "+++++-+"),
      ("he.yan", .admin, .writeDrafts, "+++++++"), ("ghost", .manager, .writeDrafts, "+++++++"),
      ("zhou.ting", .manager, .publish, "-------"), ("he.yan", .admin, .publish, "+++++++"),
      ("he.yan", .viewer, .comment, "-------"),
    ]
    for (subject, role, action, marks) in rows {
      #expect(verdicts(subject, role, action) == marks.map { $0 == "+" }, "\(subject) \(action)")
    }
  }

  /// Pipelines of all, of east and of west, and the people.
  private func withPipelines(_ body: @Sendable (API) async throws -> Void) async throws {
    try await withAPI { api in
      try await api.putStaff()
      for (key, teams) in [("of-all", []), ("of-east", ["east"]), ("of-west", ["west"])] {
        var definition = Self.definition()
        definition.teams = teams
        let made = try await api.send(
          .post, "/v1/pipelines", ["key": .string(key), "definition": try json(definition)],
          as: .admin)
        try #require(made.status == 201, "\(made.body)")
      }
      try await body(api)
    }
  }

  private func json(_ value: some Encodable) throws -> JSONValue {
    try JSONCoding.decode(JSONValue.self, from: try JSONCoding.encode(value))
  }

  private func token(_ subject: String, _ role: Role, _ api: API) throws -> String {
    try api.issuer.token(subject: subject, roles: [role], expiresIn: .seconds(600))
  }

  @Test func whatIsOfOtherTeamsIsNotThere() async throws {
    try await withPipelines { api in
      for (subject, role, keys) in [
        ("li.na", Role.rep, ["of-all", "of-east"]), ("he.yan", .rep, ["of-all", "of-west"]),
        ("gu.wen", .rep, ["of-all"]), ("wang.li", .manager, ["of-all", "of-east"]),
        ("zhou.ting", .manager, ["of-all", "of-east", "of-west"]),
        ("li.na", .viewer, ["of-all", "of-east", "of-west"]),
        ("ghost", .rep, ["of-all", "of-east", "of-west"]),
      ] {
        let token = try token(subject, role, api)
        let list = try await api.send(.get, "/v1/pipelines", token: token)
        #expect(list["items"].items.map { $0["key"].text ?? "" } == keys, "\(subject)")
        for key in ["of-all", "of-east", "of-west"] {
          for path in ["", "?version=1", "/versions", "/lint"] {
            let answer = try await api.send(.get, "/v1/pipelines/\(key)\(path)", token: token)
            #expect(answer.status == (keys.contains(key) ? 200 : 404), "\(subject) \(key)\(path)")
          }
        }
      }
    }
  }

  @Test func whoseAPipelineIsTheNewestVersionSays() async throws {
    try await withPipelines { api in
      let drafts = "/v1/pipelines/of-east/drafts"
      let draft = try await api.send(.post, drafts, try json(Self.definition("west")), as: .admin)
      let path = try #require(draft.headers[.location])
      let published = try await api.send(
        .post, "\(path)/publish", ["note": "handed over"], as: .admin)
      #expect(published.status == 201 && published["definition"]["teams"] == ["west"])
      for (subject, status) in [("li.na", 404), ("he.yan", 200)] {
        let token = try token(subject, .rep, api)
        for query in ["", "?version=1", "/versions", "/drafts/\(draft["id"].text ?? "")"] {
          let answer = try await api.send(.get, "/v1/pipelines/of-east\(query)", token: token)
          #expect(answer.status == status, "\(subject) \(query)")
        }
      }
    }
  }

  @Test func draftsAreThoseOfThePipeline() async throws {
    try await withPipelines { api in
      let west = try json(Self.definition("west"))
      let east = try json(Self.definition("east"))
      let everybodys = try json(Self.definition())
      let manager = try token("wang.li", .manager, api)
      func post(_ path: String, _ body: JSONValue, _ token: String) async throws -> API.Answer {
        try await api.send(.post, path, bytes: try JSONCoding.encode(body), token: token)
      }
      for (key, body, status) in [
        ("of-east", east, 201), ("of-all", everybodys, 201), ("of-all", east, 201),
        ("new", east, 201),
        ("of-west", east, 403), ("of-east", west, 403), ("new", west, 403), ("of-all", west, 403),
      ] {
        let answer = try await post("/v1/pipelines/\(key)/drafts", body, manager)
        #expect(answer.status == status, "\(key): \(answer.body)")
        if status == 403 { #expect(answer.codes == ["outside-scope"]) }
      }
      // Somebody else's is not found, and one's own is not given away.
      let foreign = try await api.send(.post, "/v1/pipelines/of-west/drafts", west, as: .admin)
      let path = try #require(foreign.headers[.location])
      for (method, end, body) in [
        (HTTPRequest.Method.get, "", nil), (.put, "", west), (.delete, "", nil),
        (.post, "/lint", nil), (.get, "/diff", nil),
        (.post, "/feedback", ["stage": "talk", "text": "x"]),
      ] as [(HTTPRequest.Method, String, JSONValue?)] {
        let answer = try await api.send(
          method, path + end, bytes: try body.map { try JSONCoding.encode($0) }, token: manager)
        #expect(answer.status == 404, "\(method) \(end)")
      }
      let own = try await post("/v1/pipelines/of-east/drafts", east, manager)
      let place = try #require(own.headers[.location])
      let away = try await api.send(
        .put, place, bytes: try JSONCoding.encode(west), token: manager)
      #expect(away.status == 403 && away.codes == ["outside-scope"])
      let rep = try token("li.na", .rep, api)
      let said = try await post("\(place)/feedback", ["stage": "talk", "text": "ok"], rep)
      #expect(said.status == 201)
      let other = try await post(
        "\(place)/feedback", ["stage": "talk", "text": "ok"], try token("he.yan", .rep, api))
      #expect(other.status == 404)
      let lint = try await post("\(place)/lint", [:], rep)
      #expect(!lint["items"].items.contains { $0["code"] == "unknown-team" })
    }
  }

  @Test func listsOfDraftsLeaveOutWhatIsOthers() async throws {
    try await withPipelines { api in
      for teams in [["west"], ["east"], [], ["east", "west"]] {
        var definition = Self.definition()
        definition.teams = teams
        let made = try await api.send(
          .post, "/v1/pipelines/new/drafts", try json(definition), as: .admin)
        try #require(made.status == 201)
      }
      func count(_ key: String, _ subject: String, _ role: Role) async throws -> Int {
        var (count, cursor) = (0, "")
        repeat {
          let page = try await api.send(
            .get, "/v1/pipelines/\(key)/drafts?limit=1&cursor=\(cursor)",
            token: try token(subject, role, api))
          try #require(page.status == 200)
          count += page["items"].items.count
          cursor = page["next"].text ?? ""
        } while !cursor.isEmpty
        return count
      }
      #expect(try await count("new", "li.na", .rep) == 3)
      #expect(try await count("new", "gu.wen", .rep) == 1)
      #expect(try await count("new", "zhou.ting", .manager) == 4)
      #expect(try await count("new", "gu.wen", .viewer) == 4)
      #expect(try await count("new", "ghost", .rep) == 4)
      let draft = try await api.send(
        .post, "/v1/pipelines/of-west/drafts", try json(Self.definition()), as: .admin)
      try #require(draft.status == 201)
      #expect(try await count("of-west", "li.na", .rep) == 0, "the pipeline is of west")
      #expect(try await count("of-west", "he.yan", .rep) == 1)
    }
  }
}
