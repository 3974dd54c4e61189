import Kafka

/// What `sluice lag` shows.
struct LagReport: Encodable, Sendable {
  /// Whether anybody reads.
  enum Activity: String, Encodable, Sendable {
    case active
    /// It has positions, but no members: its service is down.
    case idle
    /// Neither members nor positions: its service has never read.
    case empty
    /// The broker does not tell.
    case unknown
  }

  struct Group: Encodable, Sendable {
    var group: String
    /// Kafka's word: `Stable`, `Empty`, …; `unknown` where the broker does not describe groups.
    var state: String
    var activity: Activity
    /// Null where the broker does not tell.
    var members: Int?
    var lagMessages: Int64
    /// Age of the oldest message that waits; null when it is not known.
    var lagSeconds: Double?
    var lostMessages: Int64
    var partitions: [PartitionLag]
    var remark: String?

    /// - Parameter described: nil where the broker does not tell.
    init(
      _ name: String, _ described: ConsumerGroupDescription?, partitions: [PartitionLag],
      remark: String? = nil
    ) {
      group = name
      state = described?.state ?? "unknown"
      members = described?.members
      let hasPosition = partitions.contains { $0.stored != nil || $0.committed != nil }
      activity =
        switch described?.members {
        case nil: .unknown
        case 0?: hasPosition ? .idle : .empty
        default: .active
        }
      self.partitions = partitions
      self.remark = remark
      lagMessages = partitions.reduce(0) { $0 + $1.lagMessages }
      lostMessages = partitions.reduce(0) { $0 + $1.lostMessages }
      let known = partitions.compactMap(\.lagSeconds)
      lagSeconds = known.count == partitions.count ? known.max() ?? 0 : nil
    }

    /// `2 members`, `idle: no members`, …
    var presence: String {
      switch activity {
      case .active: members == 1 ? "1 member" : "\(members ?? 0) members"
      case .idle: "idle: no members"
      case .empty: "empty: no members, no commits"
      case .unknown: "state unknown"
      }
    }
  }

  var clusterId: String
  var groups: [Group] = []
  var remarks: [String] = []

  /// - Parameter everything: also the partitions that are as they should be.
  func text(everything: Bool = false) -> String {
    var lines: [String] = []
    for group in groups {
      let age = group.lagSeconds.map { LagReport.seconds($0) } ?? "unknown"
      lines.append(
        "\(group.group) (\(group.presence)): \(group.lagMessages) messages behind, oldest \(age)")
      if let remark = group.remark { lines.append("note: \(remark)") }
      let rows = everything ? group.partitions : group.partitions.filter(\.isRemarkable)
      if !rows.isEmpty { lines.append(LagReport.table(rows).render()) }
      lines.append("")
    }
    for remark in remarks { lines.append("note: \(remark)") }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.joined(separator: "\n")
  }

  static func table(_ partitions: [PartitionLag]) -> TextTable {
    var table = TextTable([
      .left("topic"), .right("partition"), .right("log start"), .right("log end"),
      .right("stored"), .right("committed"), .right("lag"), .right("age"), .left(""),
    ])
    for row in partitions {
      table.add(
        row.topic, String(row.partition), String(row.logStart), String(row.logEnd),
        row.stored.map(String.init) ?? "-", row.committed.map(String.init) ?? "-",
        String(row.lagMessages), row.lagSeconds.map(LagReport.seconds) ?? "?", row.remark)
    }
    return table
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
