import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import Testing

@testable import StageService

/// Merging over HTTP: two deals in one transaction.
@Suite(.serialized) struct MergeRoutesTests {
  /// A duplicate and the deal that stays.
  private func withTwo(
    _ body: @Sendable (API, _ duplicate: String, _ survivor: String) async throws -> Void
  ) async throws {
    try await withAPI { api in
      try await api.publishPlain()
      let duplicate = try await api.create([
        "name": "Line 3", "externalId": "crm-9", "fields": ["source": "fair"],
        "account": ["name": "Hengda"],
      ])
      try await body(
        api, duplicate, try await api.create(["owner": .null, "name": "Line 3 retrofit"]))
    }
  }

  private func merge(
    _ api: API, _ id: String, into other: String, headers: [HTTPField.Name: String] = [:]
  ) async throws -> API.Answer {
    try await api.send(
      .post, "/v1/opportunities/\(id)/merge", ["into": .string(other), "reason": "twice"],
      headers: headers)
  }

  @Test func theDuplicateIsGoneFromListsAndLeadsToTheDealThatStays() async throws {
    try await withTwo { api, duplicate, survivor in
      let answer = try await merge(api, duplicate, into: survivor, headers: [.ifMatch: "\"1\""])
      #expect(answer.status == 200, "\(answer.body)")
      #expect(answer.etag == "\"2\"" && answer["sequence"] == 2)
      #expect(answer["id"].text == duplicate && answer["into"].text == survivor)
      let kept = answer["survivor"]
      #expect(kept["sequence"] == 2 && kept["owner"] == "li.na")
      #expect(kept["fields"] == ["source": "fair"] && kept["externalId"] == .null)
      #expect(kept["mergedFrom"][duplicate]["name"] == "Line 3")
      #expect(kept["mergedFrom"][duplicate]["externalId"] == "crm-9")
      #expect(try await api.get("/v1/opportunities/\(survivor)").body == kept)

      let path = "/v1/opportunities/\(duplicate)"
      let gone = try await api.get(path)
      #expect(gone["status"] == "merged" && gone["mergedInto"].text == survivor)
      #expect(gone["stage"] == "initial-contact" && gone["externalId"] == "crm-9")
      let moves = try await api.get("\(path)/moves")["items"].items
      #expect(!moves.isEmpty && moves.allSatisfy { $0["open"] == false })
      #expect(moves[0]["missing"].items.map { $0["code"] } == ["opportunity-merged"])
      let before = try #require(gone["createdAt"].text)
      #expect(try await api.get("\(path)?asOf=\(before)")["status"] == "open")

      func ids(_ query: String) async throws -> [String] {
        try await api.get("/v1/opportunities\(query)")["items"].items.compactMap { $0["id"].text }
      }
      for query in ["", "?status=open", "?q=line%203", "?pipeline=general&q=line", "?owner=li.na"] {
        #expect(try await ids(query) == [survivor], "\(query)")
      }
      #expect(try await ids("?status=merged") == [duplicate])
      #expect(try await ids("?status=merged&q=line&owner=li.na") == [duplicate])
      #expect(try await ids("?status=won") == [])
      let accounts = try await api.get("/v1/accounts")["items"].items
      #expect(accounts.map { $0["name"] } == ["华东机械"] && accounts[0]["deals"] == 1)
    }
  }

  @Test func eachHistorySaysIt() async throws {
    try await withTwo { api, duplicate, survivor in
      let event = try await merge(api, duplicate, into: survivor)["eventId"]
      let told = try await api.get("/v1/opportunities/\(duplicate)/history")["items"].items
      #expect(told.map { $0["type"] }.last == "sluice.opportunity-merged.v1")
      #expect(told.last?["eventId"] == event && told.last?["reason"] == "twice")
      #expect(told.last?["merged"]["opportunityId"].text == survivor)
      let items = try await api.get("/v1/opportunities/\(survivor)/history")["items"].items
      #expect(items.map { $0["type"] }.last == "sluice.opportunity-changed.v1")
      #expect(
        items.last?["changes"].items.map { $0["field"].text } == [
          "mergedFrom.\(duplicate)", "fields.source", "owner",
        ])
      #expect(items.last?["changes"].items.last?["old"] == .null)
      #expect(items.last?["changes"].items.last?["new"] == "li.na")
      #expect(try await api.outboxCount(of: .stageChanges) == 4)
    }
  }

  @Test func onceIsEnough() async throws {
    try await withTwo { api, duplicate, survivor in
      let key = [HTTPField.Name.idempotencyKey: "m-1"]
      let first = try await merge(api, duplicate, into: survivor, headers: key)
      let again = try await merge(api, duplicate, into: survivor, headers: key)
      #expect(again.status == 200 && again.body == first.body && again.etag == first.etag)
      let anew = try await merge(api, duplicate, into: survivor)
      #expect(anew.status == 422 && anew.codes == ["opportunity-merged"])
      let third = try await api.create()
      #expect(try await merge(api, third, into: duplicate).codes == ["survivor-merged"])
      let back = try await merge(api, survivor, into: duplicate, headers: [.idempotencyKey: "m-2"])
      #expect(back.status == 422 && back.codes == ["survivor-merged"])
      // A refusal that was decided is the answer of its key, too.
      #expect(
        try await merge(api, survivor, into: duplicate, headers: [.idempotencyKey: "m-2"]).body
          == back.body)
      let reused = try await merge(api, third, into: survivor, headers: key)
      #expect(reused.status == 422 && reused["code"] == "idempotency-key-reused")
      #expect(try await api.outboxCount(of: .stageChanges) == 5)
    }
  }

  @Test func whatIsWrongWithARequest() async throws {
    try await withTwo { api, duplicate, survivor in
      let stale = try await merge(api, duplicate, into: survivor, headers: [.ifMatch: "\"4\""])
      #expect(stale.status == 412 && stale["current"]["sequence"] == 1)
      #expect(try await merge(api, duplicate, into: duplicate).codes == ["same-opportunity"])
      let nowhere = EntityID.make(at: .now()).description
      #expect(try await merge(api, duplicate, into: nowhere).codes == ["unknown-opportunity"])
      #expect(try await merge(api, nowhere, into: survivor).status == 404)
      for body in [[:], ["into": "x"], ["into": 7]] as [JSONValue] {
        let answer = try await api.send(.post, "/v1/opportunities/\(duplicate)/merge", body)
        #expect(answer.status == 400, "\(body)")
      }
      let viewer = try await api.send(
        .post, "/v1/opportunities/\(duplicate)/merge", ["into": .string(survivor)], as: .viewer)
      #expect(viewer.status == 403)
      #expect(try await api.outboxCount(of: .stageChanges) == 2)
    }
  }

  /// Whoever merges must be able to edit both.
  @Test func bothMustBeTheCallers() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      try await api.putStaff()
      func deal(_ owner: String, _ team: String) async throws -> String {
        let answer = try await api.send(
          .post, "/v1/opportunities",
          API.deal(["owner": .string(owner), "team": .string(team)]), as: .admin)
        return try #require(answer["id"].text)
      }
      let mine = try await deal("li.na", "east")
      let teams = try await deal("wang.li", "east")
      let others = try await deal("he.yan", "west")
      func merge(_ id: String, into other: String) async throws -> API.Answer {
        try await api.send(.post, "/v1/opportunities/\(id)/merge", ["into": .string(other)])
      }
      let readable = try await merge(mine, into: teams)
      #expect(readable.status == 403 && readable.codes == ["outside-scope"])
      #expect(readable["errors"].items.first?["pointer"] == "/into")
      #expect(try await merge(teams, into: mine).status == 403)
      // What the caller may not even read is not there.
      let hidden = try await merge(mine, into: others)
      #expect(hidden.status == 422 && hidden.codes == ["unknown-opportunity"])
      #expect(try await merge(others, into: mine).status == 404)
      let manager = try api.issuer.token(
        subject: "wang.li", roles: [.manager], expiresIn: .seconds(600))
      let answer = try await api.send(
        .post, "/v1/opportunities/\(mine)/merge",
        bytes: try JSONCoding.encode(["into": .string(teams)] as JSONValue), token: manager)
      #expect(answer.status == 200, "\(answer.body)")
    }
  }

  /// Where the survivor's event cannot be written, the duplicate's is not there either.
  @Test func bothEventsOrNone() async throws {
    try await withTwo { api, duplicate, survivor in
      try await api.pool.execute(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'no'; END $$
        """)
      try await api.pool.execute(
        """
        CREATE TRIGGER refuse BEFORE INSERT ON history FOR EACH ROW
        WHEN (NEW.opportunity_id = '\(survivor)') EXECUTE FUNCTION refuse()
        """)
      let headers = [HTTPField.Name.idempotencyKey: "m-1"]
      let failed = try await merge(api, duplicate, into: survivor, headers: headers)
      #expect(failed.status >= 500, "\(failed.body)")
      for id in [duplicate, survivor] {
        let deal = try await api.get("/v1/opportunities/\(id)")
        #expect(deal["sequence"] == 1 && deal["status"] == "open")
        let history = try await api.get("/v1/opportunities/\(id)/history")["items"].items
        #expect(history.count == 1)
      }
      #expect(try await api.outboxCount(of: .stageChanges) == 2)
      try await api.pool.execute("DROP TRIGGER refuse ON history")
      #expect(try await merge(api, duplicate, into: survivor, headers: headers).status == 200)
    }
  }

  /// Two people at the same instant: a merge, and something on either deal or the merge the other way
  /// round. Nothing is lost, and nobody waits for ever.
  @Test(.timeLimit(.minutes(2)))
  func racesEndWithOneOrder() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      for round in 0..<30 {
        let first = try await api.create()
        let second = try await api.create()
        let rival: @Sendable () async throws -> API.Answer =
          switch round % 3 {
          case 0: { try await merge(api, second, into: first) }
          case 1:
            {
              try await api.send(
                .post, "/v1/opportunities/\(first)/moves", ["to": "needs-analysis"])
            }
          default:
            {
              try await api.send(
                .post, "/v1/opportunities/\(second)/moves", ["to": "needs-analysis"])
            }
          }
        async let merging = merge(api, first, into: second)
        async let other = rival()
        let (merged, answer) = try await (merging, other)
        switch round % 3 {
        case 0:
          #expect([merged.status, answer.status].sorted() == [200, 422], "\(round)")
        case 1:
          // The move comes before the merge, or is refused by it.
          #expect(merged.status == 200, "\(merged.body)")
          #expect(answer.status == 200 || answer.codes == ["opportunity-merged"])
        default:
          #expect(merged.status == 200 && answer.status == 200, "\(answer.body)")
        }
        for id in [first, second] {
          let path = "/v1/opportunities/\(id)"
          let history = try await api.get("\(path)/history")["items"].items
          let sequence = try await api.get(path)["sequence"]
          #expect(history.map { $0["sequence"] } == (1...history.count).map { .integer(Int64($0)) })
          #expect(sequence == .integer(Int64(history.count)))
        }
      }
    }
  }
}
