/// What `sluice lag` shows.
struct LagReport: Encodable, Sendable {
  struct Group: Encodable, Sendable {
    var group: String
    /// `Stable`, `Empty`, …; `unknown` where the broker does not list groups.
    var state: String
    var lagMessages: Int64
    /// Age of the oldest message that waits; null when it is not known.
    var lagSeconds: Double?
    var partitions: [PartitionLag]
    var remark: String?

    init(_ name: String, state: String, partitions: [PartitionLag], remark: String? = nil) {
      group = name
      self.state = state
      self.partitions = partitions
      self.remark = remark
      lagMessages = partitions.reduce(0) { $0 + $1.lagMessages }
      let known = partitions.compactMap(\.lagSeconds)
      lagSeconds = known.count == partitions.count ? known.max() ?? 0 : nil
    }
  }

  var clusterId: String
  var groups: [Group] = []
  var remarks: [String] = []

  func text() -> String {
    var lines: [String] = []
    for group in groups {
      let age = group.lagSeconds.map { LagReport.seconds($0) } ?? "unknown"
      lines.append(
        "\(group.group) (\(group.state)): \(group.lagMessages) messages behind, oldest \(age)")
      if let remark = group.remark { lines.append("note: \(remark)") }
      if !group.partitions.isEmpty { lines.append(table(group)) }
      lines.append("")
    }
    for remark in remarks { lines.append("note: \(remark)") }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.joined(separator: "\n")
  }

  private func table(_ group: Group) -> String {
    var table = TextTable([
      .left("topic"), .right("partition"), .right("log start"), .right("log end"),
      .right("stored"), .right("committed"), .right("lag"), .right("age"), .left(""),
    ])
    for row in group.partitions {
      table.add(
        row.topic, String(row.partition), String(row.logStart), String(row.logEnd),
        row.stored.map(String.init) ?? "-", row.committed.map(String.init) ?? "-",
        String(row.lagMessages), row.lagSeconds.map(LagReport.seconds) ?? "?", row.remark ?? "")
    }
    return table.render()
  }

  /// `0 s`, `12.3 s`, `5 min`, `2 h`, `3 d`.
  static func seconds(_ value: Double) -> String {
    switch value {
    case ..<0.05: "0 s"
    case ..<100: "\((value * 10).rounded() / 10) s"
    case ..<6_000: "\(Int(value / 60)) min"
    case ..<172_800: "\(Int(value / 3_600)) h"
    default: "\(Int(value / 86_400)) d"
    }
  }
}
