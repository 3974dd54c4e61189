import Foundation

/// The real export, read and counted by code of its own: nothing here is shared with the import or
/// the projections.
struct SalesforceExport {
  struct Visit {
    /// `yyyy-MM-dd`.
    var day: String
    /// The stage's key.
    var stage: String
  }

  struct Deal {
    var visits: [Visit]
    /// Cents; nil where the file has none.
    var amount: Int64?
  }

  struct StageFigures: Equatable {
    var count = 0
    var entered = 0
    var minor: Int64 = 0
    var unpriced = 0
  }

  /// By the id in the files.
  private(set) var deals: [String: Deal] = [:]

  static let historyPath = "\(folder)/salesforce-opportunity-history.csv"
  static let opportunitiesPath = "\(folder)/salesforce-opportunity.csv"
  static var exists: Bool { FileManager.default.isReadableFile(atPath: historyPath) }

  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../../shared/data").standardizedFileURL.path
  private static let keys = [
    "Prospecting": "prospecting", "Qualification": "qualification",
    "Value Proposition": "value-proposition", "Negotiation/Review": "negotiation-review",
    "Closed Won": "won", "Closed Lost": "lost",
  ]

  init() throws {
    var steps: [String: [(day: String, order: Int, stage: String)]] = [:]
    for row in try Self.rows(of: Self.historyPath) {
      let date = row["CreatedDate", default: ""].split(separator: "/")
      steps[row["OppID", default: ""], default: []].append(
        (
          date.reversed().joined(separator: "-"), Int(row["SortOrder", default: ""]) ?? 0,
          Self.keys[row["StageName", default: ""]] ?? "unknown"
        ))
    }
    var amounts: [String: Int64] = [:]
    for row in try Self.rows(of: Self.opportunitiesPath) {
      if let amount = Int64(row["Amount", default: ""]) {
        amounts[row["Id", default: ""]] = amount * 100
      }
    }
    for (id, rows) in steps {
      var visits: [Visit] = []
      for row in rows.sorted(by: { ($0.day, $0.order) < ($1.day, $1.order) })
      where visits.last?.stage != row.stage {
        visits.append(Visit(day: row.day, stage: row.stage))
      }
      deals[id] = Deal(visits: visits, amount: amounts[id])
    }
  }

  /// What the funnel must say, by stage.
  var figures: [String: StageFigures] {
    var figures = Dictionary(
      uniqueKeysWithValues: Self.keys.values.map { ($0, StageFigures()) })
    for deal in deals.values {
      for visit in deal.visits { figures[visit.stage, default: .init()].entered += 1 }
      guard let stage = deal.visits.last?.stage else { continue }
      figures[stage, default: .init()].count += 1
      figures[stage, default: .init()].minor += deal.amount ?? 0
      if deal.amount == nil { figures[stage, default: .init()].unpriced += 1 }
    }
    return figures
  }

  /// Rows by the names in the header. The files have no quoted cells.
  private static func rows(of path: String) throws -> [[String: String]] {
    let text = try String(contentsOfFile: path, encoding: .utf8)
      .replacing("\u{FEFF}", with: "").replacing("\r\n", with: "\n")
    let lines = text.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    return lines.dropFirst().map { cells in
      Dictionary(zip(lines[0], cells)) { first, _ in first }
    }
  }
}
