/// What `sluice verify` found.
struct VerifyReport: Encodable, Sendable {
  private(set) var counts: [Check: CheckCount] = [:]
  private(set) var differences = DifferenceLog()
  /// What is odd, and makes nothing unequal.
  private(set) var remarks: [String] = []

  var isEqual: Bool { differences.isEmpty }

  mutating func add(_ differences: DifferenceLog, counts: [Check: CheckCount] = [:]) {
    self.differences.merge(differences)
    self.counts.merge(counts) { $1 }
  }

  mutating func remark(_ text: String) { remarks.append(text) }

  mutating func remark(contentsOf texts: [String]) { remarks += texts }

  private enum CodingKeys: CodingKey {
    case equal, live, recomputed, differenceCount, differences, remarks
  }

  func encode(to encoder: any Encoder) throws {
    func numbers(_ value: (CheckCount) -> Int) -> [String: Int] {
      Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, value($0.value)) })
    }
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(isEqual, forKey: .equal)
    try container.encode(numbers(\.live), forKey: .live)
    try container.encode(numbers(\.recomputed), forKey: .recomputed)
    try container.encode(differences.total, forKey: .differenceCount)
    try container.encode(differences.kept, forKey: .differences)
    try container.encode(remarks, forKey: .remarks)
  }

  /// A table of the checks, then the first differences.
  func text() -> String {
    var table = TextTable([
      .left("check"), .right("live"), .right("recomputed"), .left("result"),
    ])
    for check in Check.allCases {
      let count = counts[check] ?? CheckCount()
      let found = differences.count(check)
      let result = found == 0 ? "equal" : found == 1 ? "1 difference" : "\(found) differences"
      table.add(check.title, String(count.live), String(count.recomputed), result)
    }
    var lines = [table.render()]
    let shown = differences.kept.prefix(VerifyReport.shownDifferences)
    if !shown.isEmpty { lines.append("") }
    for difference in shown {
      lines.append("\(difference.check.rawValue) \(difference.kind.rawValue): \(difference.place)")
      if let live = difference.live { lines.append("  live        \(live)") }
      if let recomputed = difference.recomputed { lines.append("  recomputed  \(recomputed)") }
    }
    if differences.total > shown.count {
      lines.append("… and \(differences.total - shown.count) more; --format json shows them")
    }
    for remark in remarks { lines.append("note: \(remark)") }
    return lines.joined(separator: "\n")
  }

  private static let shownDifferences = 20
}
