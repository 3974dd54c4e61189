import Contracts
import HTTPTypes
import Postgres
import ServiceKit
import Testing

@testable import StageService

/// Finding deals and accounts by a part of a name.
@Suite struct NamesTests {
  private func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let hex = String(byte, radix: 16, uppercase: true)
      return "%" + (hex.count == 1 ? "0" + hex : hex)
    }.joined()
  }

  private func found(_ text: String, _ api: API, _ more: String = "") async throws -> [String] {
    let answer = try await api.get("/v1/opportunities?q=\(escaped(text))\(more)")
    #expect(answer.status == 200)
    return answer["items"].items.compactMap { $0["name"].text }
  }

  @Test(arguments: ["near", "index"])
  func partsOfNamesInBothLanguages(_ way: String) async throws {
    try await withAPI { api in
      try await api.publishPlain()
      for (name, account) in [
        ("ERP 二期", "华东机械"), ("产线改造", "Hengda Machinery"), ("Pump 100%_x", "Straße"),
      ] {
        _ = try await api.create(["name": .string(name), "account": ["name": .string(account)]])
      }
      // More names than are looked at one by one stand before those that are made later.
      if way == "index" { try await fill(api.pool) }
      _ = try await api.create(["name": "数据平台", "account": ["name": "华南电子"]])
      for (text, names) in [
        ("期", ["ERP 二期"]), ("二期", ["ERP 二期"]), ("erp", ["ERP 二期"]), ("p 二", ["ERP 二期"]),
        ("华", ["ERP 二期", "数据平台"]), ("华东", ["ERP 二期"]), ("机械", ["ERP 二期"]),
        ("MACHINE", ["产线改造"]), ("改造", ["产线改造"]), ("0%_", ["Pump 100%_x"]), ("%", ["Pump 100%_x"]),
        ("数据平台", ["数据平台"]), ("华西", []), ("二期erp", []), ("zzz", []),
      ] as [(String, [String])] {
        #expect(try await found(text, api) == names, "\(text)")
        #expect(try await found(text, api, "&owner=li.na") == names, "\(text)")
      }
      #expect(try await found("华", api, "&limit=1") == ["ERP 二期"])
      #expect(try await found("华", api, "&status=won") == [])
      #expect(try await found("华", api, "&pipeline=general&stage=initial-contact").count == 2)
    }
  }

  /// Deals of somebody else, with names of which none is looked for.
  private func fill(_ pool: PostgresPool) async throws {
    try await pool.execute(
      """
      INSERT INTO opportunities
        (id, epoch, sequence, pipeline, pipeline_version, stage, category, name, account, owner, team,
         fields, entered_stage_at, entry_unknown, created_at, updated_at)
      SELECT ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 1, 1, 'filler', 1, 's', 'open',
        'n' || n, '{"name": "filler"}', 'other', 'fillers', '{}', now(), false, now(), now()
      FROM generate_series(1, $1::int) AS n
      """, Int32(NameSearch.near + 10))
  }

  @Test func aNewNameIsFoundAndTheFormerNotAnyMore() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      let path = "/v1/opportunities/\(try await api.create(["name": "旧名"]))"
      #expect(try await api.send(.patch, path, ["name": "新名"]).status == 200)
      #expect(try await found("旧", api).isEmpty)
      #expect(try await found("新名", api) == ["新名"])
      #expect(try await found("华东", api) == ["新名"])
      #expect(
        try await api.send(
          .post, "/v1/opportunities:bulk",
          ["operation": "patch", "ids": [.string(String(path.suffix(36)))], "name": "另名"]
        ).status == 200)
      #expect(try await found("另名", api) == ["另名"])
    }
  }

  @Test(arguments: ["near", "index"])
  func aDuplicateTakesNoPlaceOfAPage(_ way: String) async throws {
    try await withAPI { api in
      try await api.publishPlain()
      if way == "index" { try await fill(api.pool) }
      var ids: [String] = []
      for name in ["双胞胎 1", "双胞胎 2", "双胞胎 3"] {
        ids.append(try await api.create(["name": .string(name)]))
      }
      #expect(
        try await api.send(
          .post, "/v1/opportunities/\(ids[0])/merge", ["into": .string(ids[1])]
        ).status == 200)
      #expect(try await found("双胞胎", api, "&limit=1") == ["双胞胎 2"])
      #expect(try await found("双胞胎", api) == ["双胞胎 2", "双胞胎 3"])
    }
  }

  @Test func accountsAreThoseOfTheDeals() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      let lost = try await api.create(["account": ["name": "华东机械", "id": "a-1"]])
      _ = try await api.create(["account": ["name": "华东机械集团", "id": "a-1"]])
      _ = try await api.create(["account": ["name": "Hengda", "externalId": "crm-7"]])
      _ = try await api.create(["account": ["name": "华南电子"]])
      _ = try await api.create(["account": ["name": "华南电子"]])
      let closed = try await api.send(
        .post, "/v1/opportunities/\(lost)/lose", ["reason": "price"])
      #expect(closed.status == 200)
      let all = try await api.get("/v1/accounts")
      #expect(
        all["items"].items == [
          ["name": "华东机械集团", "id": "a-1", "deals": 2, "openDeals": 1],
          ["name": "Hengda", "externalId": "crm-7", "deals": 1, "openDeals": 1],
          ["name": "华南电子", "deals": 2, "openDeals": 2],
        ])
      #expect(all["next"] == .null)
      let first = try await api.get("/v1/accounts?limit=2")
      let next = try #require(first["next"].text)
      let rest = try await api.get("/v1/accounts?cursor=\(next)")
      #expect(rest["items"].items.map { $0["name"] } == ["华南电子"])
      let found = try await api.get("/v1/accounts?q=\(escaped("华"))&limit=1")
      #expect(found["items"].items.map { $0["name"] } == ["华东机械集团"])
      #expect(try await api.get("/v1/accounts?q=HENG")["items"].items.count == 1)
      #expect(try await api.get("/v1/accounts?q=none")["items"].items.isEmpty)
      for query in ["limit=0", "cursor=x", "colour=red"] {
        #expect(try await api.get("/v1/accounts?\(query)").status == 400)
      }
      #expect(try await api.send(.get, "/v1/accounts", as: .publisher).status == 403)
    }
  }

  /// Pages that begin among the deals that are looked at first and end beyond them, and those for which
  /// there are not enough deals.
  @Test func pagesReachFurtherThanTheDealsThatAreNear() async throws {
    try await withAPI { api in
      try await fill(api.pool)
      let all = (1...NameSearch.near + 10).map { "n\($0)" }
      for (text, query) in [
        ("n50", "&limit=15"), ("n50", "&limit=30"), ("n50", "&limit=30&pipeline=filler"),
        ("n4", "&team=fillers&limit=150"), ("n50", "&team=fillers&limit=30"),
        ("n500", "&team=fillers"),
      ] {
        let limit = Int(query.split(separator: "limit=").last?.prefix { $0.isNumber } ?? "") ?? 50
        let expected = all.filter { $0.hasPrefix(text) }.prefix(limit)
        #expect(try await found(text, api, query) == Array(expected), "\(text)\(query)")
      }
      #expect(try await found("n4", api, "&team=others").isEmpty)
      // In so many names that the index is of no use, and yet in none of those that are near.
      try await api.publishPlain()
      for name in ["n north", "south"] {
        _ = try await api.create(["name": .string(name), "team": "small"])
      }
      for query in ["&team=small", "&pipeline=general", "&pipeline=general&stage=initial-contact"] {
        #expect(try await found("n", api, query) == ["n north"], "\(query)")
      }
    }
  }

  @Test func manyDealsMadeAtOnceAreFound() async throws {
    try await withAPI { api in
      try await fill(api.pool)
      #expect(try await found("n5000", api).sorted() == ["n5000"])
      #expect(try await found("n5010", api) == ["n5010"])
      let accounts = try await api.get("/v1/accounts")["items"].items
      #expect(accounts.map { $0["deals"] } == [.integer(Int64(NameSearch.near + 10))])
    }
  }
}
