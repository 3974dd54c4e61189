import Contracts
import Foundation
import LocalServers
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct ImportTests {
    @Test(
      .enabled(if: SalesforceExport.exists, "there is no real export at ../shared/data"),
      .timeLimit(.minutes(4)))
    func theRealExportGivesTheFunnelOfItsRows() async throws {
      let export = try SalesforceExport()
      try await withCluster { cluster in
        try await cluster.importSalesforce().expect(.exited(0))
        try await cluster.verify()
        try await checkHistory(of: export, on: cluster)
        try await checkFunnel(of: export, on: cluster)
        try await checkTimeline(of: "0068d000002OrbYAAS", export, on: cluster)

        let before = try await cluster.feed().map(\.eventId)
        try await cluster.importSalesforce().expect(.exited(0))
        try checkEqual(
          try await cluster.feed().map(\.eventId), before, "the feed after the second import")

        try await checkBadFile(on: cluster)
        try checkEqual(
          try await cluster.feed().map(\.eventId), before, "the feed after the bad file")
        try await cluster.verify()
      }
    }

    private func checkHistory(of export: SalesforceExport, on cluster: Cluster) async throws {
      let feed = try await cluster.feed()
      let types = Dictionary(grouping: feed, by: \.type).mapValues(\.count)
      try checkEqual(types, [.created: 219, .moved: 258, .changed: 107], "events by type")
      try checkEqual(export.deals.count, 219, "deals in the files")
      try checkEqual(export.deals.values.map { $0.visits.count }.reduce(0, +), 219 + 258, "visits")
    }

    private func checkFunnel(of export: SalesforceExport, on cluster: Cluster) async throws {
      let funnel = try await cluster.get(
        Funnel.self, from: .forecasting, "/v1/funnel?pipeline=salesforce")
      var found: [String: SalesforceExport.StageFigures] = [:]
      for row in funnel.stages {
        found[row.stage] = .init(
          count: row.count, entered: row.entered,
          minor: row.amounts.filter { $0.currency == "USD" }.map(\.minor).reduce(0, +),
          unpriced: row.unpriced)
      }
      try checkEqual(found, export.figures, "the funnel")
      try checkEqual(
        found.mapValues(\.count),
        [
          "prospecting": 31, "qualification": 12, "value-proposition": 14,
          "negotiation-review": 16, "won": 89, "lost": 57,
        ], "deals by stage")
    }

    private func checkTimeline(
      of id: String, _ export: SalesforceExport, on cluster: Cluster
    ) async throws {
      let created = try await cluster.feed().first { $0.data.externalId == "salesforce:\(id)" }
      guard let deal = created?.data.opportunityId else { throw CheckFailure("no deal \(id)") }
      let timeline = try await cluster.get(
        Timeline.self, from: .forecasting, "/v1/opportunities/\(deal)/timeline")
      let found = timeline.items.map { "\($0.entered.description.prefix(10)) \($0.stage)" }
      try checkEqual(
        found, export.deals[id]?.visits.map { "\($0.day) \($0.stage)" } ?? [],
        "the timeline of \(id)")
    }

    /// Chinese text in GBK, as Excel writes it.
    private func checkBadFile(on cluster: Cluster) async throws {
      let path = "\(cluster.directory)/gbk.csv"
      var bytes = Data("opportunity_id,account,product,sales_agent,deal_stage\n1,".utf8)
      bytes += [0xBF, 0xCD, 0xBB, 0xA7]
      bytes += Data(",A,Ann,Prospecting\n".utf8)
      try bytes.write(to: URL(filePath: path))
      let result = try await cluster.sluice("import", "--mapping", "flat", "--opportunities", path)
      try result.expect(.exited(1))
      let text = result.output + result.errors
      try check(
        text.contains("iconv -f GB18030 -t UTF-8") && text.contains("gbk.csv"),
        "it does not say what to do: \(text)")
    }
  }
}

extension Cluster {
  fileprivate func importSalesforce() async throws -> ToolResult {
    try await sluice(
      "import", "--mapping", "salesforce-history", "--history", SalesforceExport.historyPath,
      "--opportunities", SalesforceExport.opportunitiesPath)
  }
}

private struct Funnel: Decodable {
  struct Row: Decodable {
    var stage: String
    var count: Int
    var entered: Int
    var amounts: [Money]
    var unpriced: Int
  }
  var stages: [Row]
}

private struct Timeline: Decodable {
  struct Visit: Decodable {
    var stage: String
    var entered: Instant
  }
  var items: [Visit]
}
