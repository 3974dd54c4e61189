import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import TestSupport
import Testing

@testable import StageService

@Suite struct DraftRoutesTests {
  private static let drafts = "/v1/pipelines/general/drafts"

  private static func definition(
    _ change: (inout PipelineDefinition) -> Void = { _ in }
  ) throws -> JSONValue {
    var definition = Templates.general
    change(&definition)
    return try JSONCoding.decode(JSONValue.self, from: try JSONCoding.encode(definition))
  }

  /// The path of a new draft that renames a stage.
  private func begin(
    _ api: API, in drafts: String = Self.drafts, renaming name: String = "需求调研"
  ) async throws -> String {
    let answer = try await api.send(
      .post, drafts, try Self.definition { $0.stages[1].name.zh = name }, as: .manager)
    try #require(answer.status == 201, "\(answer.body)")
    return try #require(answer.headers[.location])
  }

  private func publish(_ api: API, _ draft: String) async throws -> API.Answer {
    try await api.send(.post, "\(draft)/publish", ["note": "clearer words"], as: .admin)
  }

  @Test func aDraftIsWrittenReadEditedAndDeleted() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let made = try await api.send(.post, Self.drafts, try Self.definition(), as: .manager)
      #expect(made.status == 201)
      #expect(made.etag == "\"1\"")
      #expect(made["revision"] == 1)
      #expect(made["baseVersion"] == 1)
      #expect(made["createdBy"] == "li.na")
      #expect(made["feedback"] == [])
      #expect(made["definition"] == (try Self.definition()))
      let path = try #require(made.headers[.location])
      #expect(path == "\(Self.drafts)/\(made["id"].text ?? "")")
      #expect(try await api.get(path).body == made.body)

      let changed = try Self.definition { $0.stages.remove(at: 2) }
      let edited = try await api.send(
        .put, path, changed, as: .admin, headers: [.ifMatch: "\"1\""])
      #expect(edited.status == 200)
      #expect(edited.etag == "\"2\"")
      #expect(edited["definition"] == changed)
      let stale = try await api.send(
        .put, path, changed, as: .admin, headers: [.ifMatch: "\"1\""])
      #expect(stale.status == 412)
      #expect(stale.etag == "\"2\"")
      let anyhow = try await api.send(.put, path, changed, as: .admin)
      #expect(anyhow["revision"] == 3)

      let list = try await api.get(Self.drafts)
      #expect(list["items"].items.map { $0["id"] } == [made["id"]])
      #expect(list["items"].items[0]["revision"] == 3)
      #expect(list["items"].items[0]["definition"] == .null)
      #expect(try await api.get("/v1/pipelines/other/drafts")["items"].items.isEmpty)

      #expect(try await api.send(.delete, path, as: .manager).status == 204)
      #expect(try await api.send(.delete, path, as: .manager).status == 404)
      #expect(try await api.get(path).status == 404)
      #expect(try await api.outboxCount(of: .pipelines) == 1, "drafts are nobody else's matter")
    }
  }

  @Test(arguments: ["application/yaml", "text/yaml; charset=utf-8", "application/vnd.x+yaml"])
  func yaml(_ type: String) async throws {
    let text = """
      # Quoted numbers are texts, and so are yes and no.
      name: {zh: 短流程, en: No}
      fields:
        - {key: size, name: {zh: 规模, en: Size}, type: choice, choices: [
            {key: "5", name: {zh: "五 *", en: "5"}}, {key: 5-10, name: {zh: 五至十, en: 5 & *more}}]}
      stages:
        - key: talking
          name: {zh: 洽谈, en: Talks}
          category: open
          probability: 0.5
          benchmarkDays: 7
          requiredFields: [size]
          exitCriteria:
            - key: five
              name: {zh: 规模为五, en: Size is five}
              rule: {equals: {field: size, value: "5"}}
          guidance:
            keyTask: {zh: "", en: ""}
            focus: {zh: ~x, en: 'true'}
            difficulty:
              en: yes
              zh: >-
                折行
                文本
        - {key: won, name: {zh: 赢单, en: Won}, category: won}
      """
    try await withAPI { api in
      let made = try await api.send(
        .post, "/v1/pipelines/short/drafts", bytes: Array(text.utf8), as: .manager,
        headers: [.contentType: type])
      #expect(made.status == 201, "\(made.body)")
      #expect(made["baseVersion"] == .null)
      let definition = made["definition"]
      #expect(definition["name"] == ["zh": "短流程", "en": "No"])
      let choices = definition["fields"].items[0]["choices"].items
      #expect(choices.map { $0["name"]["en"] } == ["5", "5 & *more"])
      let stage = definition["stages"].items[0]
      #expect(stage["probability"] == 0.5)
      #expect(stage["benchmarkDays"] == 7)
      #expect(stage["exitCriteria"].items[0]["rule"]["equals"]["value"] == "5")
      #expect(stage["guidance"]["focus"] == ["zh": "~x", "en": "true"])
      #expect(stage["guidance"]["difficulty"] == ["zh": "折行 文本", "en": "yes"])
      let path = try #require(made.headers[.location])
      let again = try await api.send(
        .put, path, bytes: Array(text.utf8), as: .manager, headers: [.contentType: type])
      #expect(again["revision"] == 2)
    }
  }

  @Test(arguments: [
    ("name: [", "invalid-yaml"), ("", "invalid-yaml"), ("a: 1\na: 2", "invalid-yaml"),
    ("? [a]\n: 1", "invalid-yaml"), ("a: *nowhere", "invalid-yaml"),
    ("--- 1\n--- 2", "invalid-yaml"), ("just a text", "invalid-request"),
    ("name: {zh: 甲, en: 5}\nstages: []", "invalid-request"), ("{}", "invalid-request"),
    (String(repeating: "[", count: 300) + String(repeating: "]", count: 300), "invalid-yaml"),
    (
      """
      a: &a [1,1,1,1,1,1,1,1,1,1]
      b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]
      ? *b
      : 1
      """, "invalid-yaml"
    ),
  ])
  func yamlThatIsNoDefinition(_ text: String, _ code: String) async throws {
    try await withAPI { api in
      let answer = try await api.send(
        .post, Self.drafts, bytes: Array(text.utf8), as: .manager,
        headers: [.contentType: "application/yaml"])
      #expect(answer.status == 400)
      #expect(answer["code"] == .string(code))
    }
  }

  @Test func bodiesThatAreNone() async throws {
    try await withAPI { api in
      for (body, type, status) in [
        ("{}", "application/json", 400), ("[", "application/json", 400),
        (#"{"name":{"zh":"甲","en":"A"},"stages":[{}]}"#, "application/json", 400),
        ("{}", "text/plain", 415),
      ] {
        let answer = try await api.send(
          .post, Self.drafts, bytes: Array(body.utf8), as: .manager,
          headers: [.contentType: type])
        #expect(answer.status == status, "\(body)")
      }
      let bytes: [UInt8] = [0x61, 0x3A, 0xFF]
      let notText = try await api.send(
        .post, Self.drafts, bytes: bytes, as: .manager,
        headers: [.contentType: "application/yaml"])
      #expect(notText["code"] == "invalid-yaml")
    }
  }

  @Test func whatCannotBeStoredIsRefused() async throws {
    try await withAPI { api in
      let definition = try Self.definition { $0.stages[0].key = "a\u{0}b" }
      let refused = try await api.send(.post, Self.drafts, definition, as: .manager)
      #expect(refused.status == 422)
      #expect(refused.codes == ["invalid-text"])
      let key = try await api.send(
        .post, "/v1/pipelines/No%20Key/drafts", definition, as: .manager)
      #expect(key.codes == ["invalid-text", "invalid-key"])
      let path = try await begin(api)
      #expect(try await api.send(.put, path, definition, as: .manager).status == 422)
    }
  }

  @Test func lintSaysWhatIsWrongAndWhatCouldBeBetter() async throws {
    try await withAPI { api in
      let unusable = try Self.definition {
        $0.stages[0].next = ["nowhere"]
        $0.stages[2].benchmarkDays = nil
      }
      let made = try await api.send(.post, Self.drafts, unusable, as: .manager)
      #expect(made.status == 201, "a draft need not be usable yet")
      let path = try #require(made.headers[.location])
      let findings = try await api.send(.post, "\(path)/lint", as: .viewer)["items"].items
      let error = try #require(findings.first)
      #expect(error["severity"] == "error")
      #expect(error["code"] == "unknown-stage")
      #expect(error["stage"] == "initial-contact")
      #expect(error["pointer"] == "/stages/0/next/0")
      #expect(error["message"]["zh"].text?.contains("nowhere") == true)
      #expect(error["message"]["en"].text?.contains("nowhere") == true)
      #expect(
        findings.contains { $0["code"] == "no-benchmark" && $0["stage"] == "proposal" })
      #expect(findings.contains { $0["severity"] == "warning" })

      let refused = try await publish(api, path)
      #expect(refused.status == 422)
      #expect(refused["code"] == "invalid-definition")
      #expect(refused.codes == ["unknown-stage"])
      #expect(try await api.get("/v1/pipelines/general").status == 404)
    }
  }

  @Test func diffComparesWithWhatIsPublished() async throws {
    try await withAPI { api in
      let path = try await begin(api)
      let new = try await api.get("\(path)/diff")
      #expect(new["version"] == .null)
      #expect(new["added"].items.count == 8)
      try await api.publishGeneral()
      for method in [HTTPRequest.Method.get, .post] {
        let diff = try await api.send(method, "\(path)/diff", as: .rep)
        #expect(diff.status == 200)
        #expect(diff["version"] == 1)
        #expect(diff["revision"] == 1)
        #expect(diff["added"] == [])
        #expect(diff["removed"] == [])
        #expect(diff["moved"] == [])
        #expect(
          diff["changed"] == [
            [
              "stage": "needs-analysis", "member": "name",
              "old": ["zh": "需求分析", "en": "Needs analysis"],
              "new": ["zh": "需求调研", "en": "Needs analysis"],
            ]
          ])
      }
    }
  }

  @Test func feedbackIsShownBesideTheDraft() async throws {
    try await withAPI { api in
      let path = try await begin(api)
      let said = try await api.send(
        .post, "\(path)/feedback", ["stage": "proposal", "text": "报价要两天"], as: .rep)
      #expect(said.status == 201)
      #expect(said["stage"] == "proposal")
      #expect(said["givenBy"] == "li.na")
      let second = try await api.send(
        .post, "\(path)/feedback", ["stage": "contract", "text": "ok"], as: .manager)
      #expect(second.status == 201)
      let shown = try await api.get(path)
      #expect(shown["feedback"].items.map { $0["text"] } == ["报价要两天", "ok"])
      // It stays when the stage goes.
      let edited = try await api.send(
        .put, path, try Self.definition { $0.stages.remove(at: 2) }, as: .manager)
      #expect(edited["feedback"].items.count == 2)

      let refused = try await api.send(
        .post, "\(path)/feedback", ["stage": "proposal", "text": " "], as: .rep)
      #expect(refused.status == 422)
      #expect(refused["code"] == "invalid-feedback")
      #expect(refused.codes == ["required", "unknown-stage"])
      let null = try await api.send(
        .post, "\(path)/feedback", ["stage": "won", "text": "a\u{0}"], as: .rep)
      #expect(null.codes == ["invalid-text"])
      let long = try await api.send(
        .post, "\(path)/feedback",
        ["stage": "won", "text": .string(String(repeating: "长", count: 2_001))], as: .rep)
      #expect(long.codes == ["too-long"])
    }
  }

  @Test func publishingTakesEffectAtOnceForNewDealsOnly() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let old = try await api.create()
      let path = try await begin(api)
      let published = try await publish(api, path)
      #expect(published.status == 201)
      #expect(published["version"] == 2)
      #expect(published["note"] == "clearer words")
      #expect(published.headers[.location] == "/v1/pipelines/general?version=2")
      let new = try await api.create()
      #expect(try await api.get("/v1/opportunities/\(new)")["pipelineVersion"] == 2)
      let moved = try await api.send(
        .post, "/v1/opportunities/\(old)/moves", ["to": "needs-analysis"])
      #expect(moved.status == 200)
      #expect(try await api.get("/v1/opportunities/\(old)")["pipelineVersion"] == 1)

      #expect(try await api.get("/v1/pipelines/general")["version"] == 2)
      let first = try await api.get("/v1/pipelines/general?version=1")
      #expect(first["definition"] == (try Self.definition()))
      let versions = try await api.get("/v1/pipelines/general/versions")
      #expect(versions["items"].items.map { $0["version"] } == [2, 1])
      #expect(versions["items"].items.map { $0["note"] } == ["clearer words", .null])
      let page = try await api.get("/v1/pipelines/general/versions?limit=1")
      #expect(page["next"] == "2")
      let rest = try await api.get("/v1/pipelines/general/versions?cursor=2")
      #expect(rest["items"].items.map { $0["version"] } == [1])
      #expect(rest["next"] == .null)

      // What is repeated by a start-up script changes nothing.
      let again = try await api.send(
        .post, "/v1/pipelines", ["key": "general", "template": "general"], as: .admin)
      #expect(again.status == 200)
      #expect(again["version"] == 2)

      let shown = try await api.get(path)
      #expect(shown["publishedVersion"] == 2)
      let late = try await api.send(.put, path, try Self.definition(), as: .manager)
      #expect(late.status == 409)
      #expect(late["code"] == "draft-published")
      #expect(try await publish(api, path)["code"] == "draft-published")
    }
  }

  @Test func aPublicationIsAnnouncedInTheSameTransaction() async throws {
    try await withAPI { api in
      let path = try await begin(api)
      #expect(try await publish(api, path).status == 201)
      let rows = try await api.pool.query(
        "SELECT message_key, value, headers FROM outbox WHERE topic = $1", Topic.pipelines.name)
      #expect(rows.count == 1)
      let wire = WireMessage(
        key: try rows[0].decode(0, as: [UInt8].self),
        value: try rows[0].decode(1, as: [UInt8].self),
        headers: try #require(HeaderCoding.decode(try rows[0].decode(2, as: [UInt8].self))))
      #expect(wire.key == Array("general:1".utf8))
      guard case .payload(let pipeline, _) = try PublishedPipeline.read(wire) else {
        Issue.record("no pipeline")
        return
      }
      #expect(pipeline.version == 1)
      #expect(pipeline.note == "clearer words")
      #expect(pipeline.publishedBy == "li.na")
      #expect(pipeline.definition.stages[1].name.zh == "需求调研")
    }
  }

  @Test func whoIsOvertakenLooksAgain() async throws {
    try await withAPI { api in
      try await api.publishGeneral()
      let first = try await begin(api, renaming: "调研")
      let second = try await begin(api, renaming: "诊断")
      #expect(try await publish(api, first).status == 201)
      let overtaken = try await publish(api, second)
      #expect(overtaken.status == 409)
      #expect(overtaken["code"] == "pipeline-changed")
      #expect(try await api.get("\(second)/diff")["version"] == 2)
      let definition = try await api.get(second)["definition"]
      let edited = try await api.send(.put, second, definition, as: .manager)
      #expect(edited["baseVersion"] == 2)
      #expect(try await publish(api, second)["version"] == 3)
      let same = try await api.send(.post, Self.drafts, definition, as: .manager)
      let unchanged = try await publish(api, try #require(same.headers[.location]))
      #expect(unchanged.status == 409)
      #expect(unchanged["code"] == "nothing-to-publish")
      #expect(try await api.outboxCount(of: .pipelines) == 3)
    }
  }

  @Test(arguments: [true, false])
  func ofTwoPublicationsAtOnceOneWins(_ isFirstVersion: Bool) async throws {
    try await withAPI { api in
      if !isFirstVersion { try await api.publishGeneral() }
      for round in 0..<10 {
        let drafts =
          isFirstVersion ? "/v1/pipelines/race-\(round)/drafts" : Self.drafts
        let one = try await begin(api, in: drafts, renaming: "甲 \(round)")
        let other =
          round.isMultiple(of: 2) ? one : try await begin(api, in: drafts, renaming: "乙 \(round)")
        async let left = publish(api, one)
        async let right = publish(api, other)
        let statuses = try await [left.status, right.status]
        #expect(statuses.sorted() == [201, 409])
      }
      let count = isFirstVersion ? 10 : 11
      #expect(try await api.outboxCount(of: .pipelines) == count)
    }
  }

  @Test func aPublicationNeedsANoteAndTheRevisionThatWasSeen() async throws {
    try await withAPI { api in
      let path = try await begin(api)
      let silent = try await api.send(.post, "\(path)/publish", ["note": "  "], as: .admin)
      #expect(silent.status == 422)
      #expect(silent["code"] == "invalid-publication")
      #expect(silent["errors"].items.map { $0["pointer"] } == ["/note"])
      #expect(try await api.send(.post, "\(path)/publish", [:], as: .admin).status == 400)
      let stale = try await api.send(
        .post, "\(path)/publish", ["note": "n"], as: .admin, headers: [.ifMatch: "\"7\""])
      #expect(stale.status == 412)
      #expect(stale.etag == "\"1\"")
      let odd = try await api.send(
        .post, "\(path)/publish", ["note": "n"], as: .admin, headers: [.ifMatch: "one"])
      #expect(odd.status == 400)
      #expect(try await api.get("/v1/pipelines/general").status == 404)
    }
  }

  @Test func whatIsNotThere() async throws {
    try await withAPI { api in
      let path = try await begin(api)
      let elsewhere = path.replacing("/general/", with: "/other/")
      for draft in [
        elsewhere, "\(Self.drafts)/\(Fixture.dealID)", "\(Self.drafts)/nonsense",
        path.replacing("/general/", with: "/No%20Key/"),
      ] {
        #expect(try await api.get(draft).status == 404)
        #expect(try await api.send(.delete, draft, as: .admin).status == 404)
        #expect(
          try await api.send(.put, draft, try Self.definition(), as: .admin).status == 404)
        #expect(try await api.send(.post, "\(draft)/lint").status == 404)
        #expect(try await api.get("\(draft)/diff").status == 404)
        #expect(
          try await api.send(
            .post, "\(draft)/feedback", ["stage": "won", "text": "t"]
          ).status == 404)
        #expect(try await publish(api, draft).status == 404)
      }
      for pipeline in ["none", "No%20Key"] {
        #expect(try await api.get("/v1/pipelines/\(pipeline)/versions").status == 404)
        #expect(try await api.get("/v1/pipelines/\(pipeline)/lint").status == 404)
      }
      #expect(try await api.get("\(Self.drafts)?limit=0&cursor=x&q=1").codes.count == 3)
    }
  }

  @Test func theListComesInPages() async throws {
    try await withAPI { api in
      var paths: [String] = []
      for _ in 0..<3 { paths.append(try await begin(api)) }
      let page = try await api.get("\(Self.drafts)?limit=2")
      #expect(page["items"].items.count == 2)
      let rest = try await api.get("\(Self.drafts)?cursor=\(page["next"].text ?? "")")
      let ids = (page["items"].items + rest["items"].items).compactMap { $0["id"].text }
      #expect(ids.map { "\(Self.drafts)/\($0)" } == paths.sorted())
      #expect(rest["next"] == .null)
    }
  }

  @Test func onlyThoseWhoMayDo() async throws {
    try await withAPI { api in
      let path = try await begin(api)
      let definition = try Self.definition()
      for role in [Role.rep, .viewer, .publisher] {
        #expect(try await api.send(.post, Self.drafts, definition, as: role).status == 403)
        #expect(try await api.send(.put, path, definition, as: role).status == 403)
        #expect(try await api.send(.delete, path, as: role).status == 403)
      }
      for role in [Role.rep, .manager, .viewer, .publisher] {
        let answer = try await api.send(.post, "\(path)/publish", ["note": "n"], as: role)
        #expect(answer.status == 403)
      }
      for role in [Role.viewer, .publisher] {
        let answer = try await api.send(
          .post, "\(path)/feedback", ["stage": "won", "text": "t"], as: role)
        #expect(answer.status == 403)
      }
      for read in [
        Self.drafts, path, "\(path)/diff", "/v1/templates", "/v1/definition-schema",
        "/v1/pipelines/general/versions", "/v1/pipelines/general/lint",
      ] {
        #expect(try await api.get(read, as: .publisher).status == 403)
        #expect(try await api.send(.get, read, token: "").status == 401)
      }
      #expect(try await api.send(.post, "\(path)/lint", as: .publisher).status == 403)
    }
  }

  @Test func templatesSchemaAndLintOfAPublishedVersion() async throws {
    try await withAPI { api in
      let templates = try await api.get("/v1/templates")["items"].items
      #expect(templates.count == 10)
      #expect(templates.map { $0["key"].text ?? "" } == Templates.all.map(\.key).sorted())
      let software = try #require(templates.first { $0["key"] == "b2b-software" })
      #expect(software["stageCount"] == ["minimum": 6, "maximum": 8])
      #expect(software["emphasis"] == ["needs-analysis", "negotiation"])
      #expect(software["advice"].items.allSatisfy { $0["zh"].text != nil && $0["en"].text != nil })
      #expect(software["definition"]["stages"].items.count == 9)
      for template in templates {
        let made = try await api.send(
          .post, "/v1/pipelines", ["key": template["key"], "template": template["key"]],
          as: .admin)
        #expect(made.status == 201)
      }

      let schema = try await api.get("/v1/definition-schema")
      #expect(schema.headers[.contentType] == "application/schema+json")
      #expect(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema")

      let lint = try await api.get("/v1/pipelines/general/lint")
      #expect(lint["items"].items.contains { $0["code"] == "no-exit-criteria" })
      #expect(try await api.get("/v1/pipelines/general/lint?version=1").body == lint.body)
      #expect(try await api.get("/v1/pipelines/general/lint?version=2").status == 404)
    }
  }
}
