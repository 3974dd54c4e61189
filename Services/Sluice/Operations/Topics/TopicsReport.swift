/// What `sluice topics ensure` found and did.
struct TopicsReport: Encodable, Sendable {
  enum State: String, Encodable, Sendable {
    case equal, different, missing, created, fixed
    case wouldBeCreated = "would-be-created"
    case wouldBeFixed = "would-be-fixed"
  }

  struct Row: Encodable, Sendable {
    var name: String
    var purpose: String
    var state: State
    var partitions: Int?
    var replication: Int?
    var differences: [TopicDifference] = []
  }

  var topics: [Row] = []
  var remarks: [String] = []

  /// Whether all topics are as they should be.
  var isWell: Bool {
    topics.allSatisfy { [.equal, .created, .fixed].contains($0.state) }
  }

  func text() -> String {
    var table = TextTable([
      .left("topic"), .right("partitions"), .right("replication"), .left("state"),
    ])
    for row in topics {
      table.add(
        row.name, row.partitions.map(String.init) ?? "-", row.replication.map(String.init) ?? "-",
        row.state.rawValue)
    }
    var lines = [table.render()]
    for row in topics {
      for difference in row.differences {
        lines.append(
          "\(row.name): \(difference.setting) is \(difference.live), should be "
            + "\(difference.wanted) (\(hint(difference.remedy)))")
      }
    }
    for remark in remarks { lines.append("note: \(remark)") }
    return lines.joined(separator: "\n")
  }

  private func hint(_ remedy: TopicDifference.Remedy) -> String {
    switch remedy {
    case .fix: "--fix sets it"
    case .addPartitions:
      "--add-partitions adds them; keys then map to other partitions, so let the groups read "
        + "everything first: sluice lag"
    case .byHand: "needs kafka-reassign-partitions"
    }
  }
}
