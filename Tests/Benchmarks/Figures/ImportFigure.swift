import Foundation
import LocalServers
import Postgres
import TestSupport

/// The history of another system, from the file to the last event in stage-service, by the command
/// that people use.
struct ImportFigure {
  let bench: Bench

  func measure() async throws {
    let rows = bench.count(100_000)
    try await Cluster.lend([.stageService]) { cluster in
      let file = "\(cluster.directory)/history.csv"
      try ImportFigure.history(rows: rows).write(toFile: file, atomically: true, encoding: .utf8)
      let meter = try cluster.meter()
      let start = ContinuousClock.now
      let result = try await cluster.sluice(
        "import", "--mapping", "salesforce-history", "--history", file, "--format", "json")
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      try result.expect(.exited(0))
      let events = try await cluster.withDatabase(of: .stageService) { pool in
        try await pool.query("SELECT count(*) FROM history")[0].decode(0, as: Int.self)
      }
      try check(events == rows, "\(events) events came of \(rows) rows")
      bench.report.add(
        Figure(
          "import", Double(rows) / seconds, "rows/s", aim: "20000", usage: meter.usage(),
          parameters: ["rows": Double(rows), "seconds": seconds]))
    }
  }

  /// Deals with four stages each, a day apart.
  private static func history(rows: Int) -> String {
    let stages = ["Prospecting", "Qualification", "Value Proposition", "Negotiation/Review"]
    var text = "OppID,CreatedDate,StageName,SortOrder\n"
    for row in 0..<rows {
      let (deal, step) = (row / stages.count, row % stages.count)
      let day = deal % 25 + step
      text += "D\(deal),\(day < 9 ? "0" : "")\(day + 1)/03/2025,\(stages[step]),\(step + 1)\n"
    }
    return text
  }
}
