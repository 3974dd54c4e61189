import Contracts
import Kafka

/// Creates what is missing and compares the rest.
struct TopicsEnsure: Sendable {
  let admin: KafkaAdmin
  let prefix: String
  /// Nil: three, or as many as the cluster has brokers.
  var replication: Int?
  var isDryRun = false
  var fixes = false
  var addsPartitions = false

  private static let usualReplication = 3

  func run() async throws -> TopicsReport {
    var report = TopicsReport()
    let metadata = try await admin.metadata()
    let wanted = Topic.all.map { WantedTopic($0, prefix: prefix, replication: replication) }
    let present = wanted.filter { metadata[$0.name] != nil }
    let configurations = try await configurations(of: present.map(\.name), &report)
    let missing = wanted.filter { metadata[$0.name] == nil }
    let created = isDryRun ? [:] : try await create(missing, &report)
    for topic in wanted {
      if let live = metadata[topic.name] {
        report.topics.append(
          try await settle(topic, live, configurations?[topic.name]))
      } else {
        let replication = created[topic.name]
        report.topics.append(
          TopicsReport.Row(
            name: topic.name, purpose: topic.purpose,
            state: isDryRun ? .wouldBeCreated : replication == nil ? .missing : .created,
            partitions: replication.map { _ in topic.partitions }, replication: replication))
      }
    }
    return report
  }

  /// Nil where the broker does not tell.
  private func configurations(
    of topics: [String], _ report: inout TopicsReport
  ) async throws -> [String: [String: String]]? {
    do {
      return try await admin.describeTopicConfiguration(topics)
    } catch {
      guard error.code == .unsupported else { throw error }
      report.remarks.append(
        "this broker does not tell or change the settings of topics (the embedded one of "
          + "deploy/local/up cannot); only their names and partitions were checked")
      return nil
    }
  }

  /// The replication of each topic that was created.
  private func create(
    _ topics: [WantedTopic], _ report: inout TopicsReport
  ) async throws -> [String: Int] {
    var created: [String: Int] = [:]
    var waiting = topics
    var copies = replication ?? TopicsEnsure.usualReplication
    while !waiting.isEmpty {
      let outcome: [String: Result<Void, KafkaError>]
      do {
        outcome = try await admin.createTopics(
          waiting.map { $0.specification(replication: copies) })
      } catch {
        guard error.code == .unsupported else { throw error }
        report.remarks.append(
          "this broker cannot create topics on request (the embedded one of deploy/local/up makes "
            + "its own when it starts)")
        return created
      }
      var refused: [WantedTopic] = []
      for topic in waiting {
        switch outcome[topic.name] {
        // Somebody else was faster, which is as good.
        case .success?: created[topic.name] = copies
        case .failure(let error)? where error.code == .topicAlreadyExists:
          created[topic.name] = copies
        case .failure(let error)? where error.code == .invalidReplicationFactor:
          guard replication == nil, copies > 1 else { throw error }
          refused.append(topic)
        case .failure(let error)?: throw error
        case nil: break
        }
      }
      if !refused.isEmpty {
        report.remarks.append("the cluster has fewer than \(copies) brokers: fewer copies are kept")
      }
      waiting = refused
      copies -= 1
    }
    return created
  }

  private func settle(
    _ topic: WantedTopic, _ live: TopicMetadata, _ configuration: [String: String]?
  ) async throws -> TopicsReport.Row {
    let found = TopicComparison.differences(of: live, configuration, from: topic)
    let fixable = found.filter { $0.remedy == .fix && fixes }
    let growing = found.filter { $0.remedy == .addPartitions && addsPartitions }
    var row = TopicsReport.Row(
      name: topic.name, purpose: topic.purpose, state: found.isEmpty ? .equal : .different,
      partitions: live.partitions, replication: live.replication, differences: found)
    guard !(fixable + growing).isEmpty else { return row }
    if isDryRun {
      row.state = .wouldBeFixed
      return row
    }
    if !fixable.isEmpty {
      try await admin.alterTopicConfiguration(
        topic.name, Dictionary(uniqueKeysWithValues: fixable.map { ($0.setting, $0.wanted) }))
    }
    if !growing.isEmpty {
      try await admin.createPartitions(topic.name, to: topic.partitions)
      row.partitions = topic.partitions
    }
    row.differences = found.filter { !fixable.contains($0) && !growing.contains($0) }
    row.state = row.differences.isEmpty ? .fixed : .different
    return row
  }
}
