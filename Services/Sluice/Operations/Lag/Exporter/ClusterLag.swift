import Contracts
import Kafka

/// The lag of consumer groups by what they committed to Kafka, whoever they are and whether or not
/// anybody is in them.
struct ClusterLag: Sendable {
  struct Group: Sendable {
    var name: String
    /// Nil where the broker does not tell.
    var members: Int?
    var partitions: [PartitionLag]
  }

  var clusterID: String
  var groups: [Group]
  /// What every partition of the chosen topics holds.
  var logs: [TopicPartition: Watermarks]
}

/// Gathers a ``ClusterLag``.
struct ClusterLagQuery: Sendable {
  let admin: KafkaAdmin
  let topicPrefix: String
  /// Every group and every topic but Kafka's own, not only those of this installation.
  var allGroups = false
  var timeout = Duration.seconds(10)

  func run(now: Instant) async throws(KafkaError) -> ClusterLag {
    let cluster = try await admin.clusterID(timeout: timeout)
    let metadata = try await admin.metadata(timeout: timeout).filter { isWanted($0.key) }
    let own = Dictionary(
      uniqueKeysWithValues: ReaderGroup.all(topicPrefix: topicPrefix).map {
        ($0.name, $0.partitions(prefix: topicPrefix, metadata))
      })
    let described = try await describe()
    let names = Set(own.keys).union(described?.keys.map { $0 } ?? [])
    let committed = try await committed(
      names.sorted(), own: own, listsAll: described != nil)
    let logs = try await admin.logRanges(
      of: metadata.flatMap(readable).sorted(), timeout: timeout)

    var positions: [String: [TopicPartition: LagProbe.Position]] = [:]
    for name in names {
      let offsets = (committed[name] ?? [:]).filter { metadata[$0.key.topic] != nil }
      let assigned = described?[name]?.assigned.filter { metadata[$0.topic] != nil } ?? []
      guard own[name] != nil || !offsets.isEmpty || !assigned.isEmpty else { continue }
      // Where a stranger begins without a commit is its own affair; ours begin at the oldest.
      let partitions = Set(own[name] ?? []).union(offsets.keys)
      positions[name] = Dictionary(
        uniqueKeysWithValues: partitions.map {
          ($0, LagProbe.Position(stored: offsets[$0], committed: offsets[$0]))
        })
    }
    let lags = try await LagProbe(admin: admin, timeout: timeout).lags(positions, logs, now: now)
    return ClusterLag(
      clusterID: cluster,
      groups: lags.keys.sorted().map { name in
        ClusterLag.Group(
          name: name, members: members(described, name), partitions: lags[name] ?? [])
      }, logs: logs)
  }

  private func isWanted(_ topic: String) -> Bool {
    if allGroups { return !topic.hasPrefix("__") }
    return Topic.all.contains { $0.name(prefix: topicPrefix) == topic }
  }

  private func readable(_ topic: String, _ metadata: TopicMetadata) -> [TopicPartition] {
    (0..<Int32(metadata.partitions)).filter { !metadata.leaderless.contains($0) }
      .map { TopicPartition(topic: topic, partition: $0) }
  }

  private func members(_ described: [String: ConsumerGroupDescription]?, _ name: String) -> Int? {
    guard let described else { return nil }
    return described[name]?.members ?? 0
  }

  /// All groups of the cluster; nil where the broker does not list them.
  private func describe() async throws(KafkaError) -> [String: ConsumerGroupDescription]? {
    let names: [String]
    do {
      names = try await admin.groups(timeout: timeout).map(\.name)
    } catch {
      guard error.code == .unsupported else { throw error }
      return nil
    }
    return try await admin.describeGroups(names, timeout: timeout)
  }

  /// A few groups at a time: their coordinators answer independently.
  private func committed(
    _ names: [String], own: [String: [TopicPartition]], listsAll: Bool
  ) async throws(KafkaError) -> [String: [TopicPartition: Int64]] {
    var found: [String: [TopicPartition: Int64]] = [:]
    for start in stride(from: 0, to: names.count, by: 8) {
      let answers = await withTaskGroup(
        of: (String, Result<[TopicPartition: Int64], KafkaError>).self
      ) { tasks in
        for name in names[start..<min(start + 8, names.count)] {
          // A broker that lists no groups does not know either what a group ever committed.
          let partitions = listsAll ? nil : own[name]
          if partitions?.isEmpty == true { continue }
          tasks.addTask { (name, await offsets(of: name, partitions)) }
        }
        var answers: [(String, Result<[TopicPartition: Int64], KafkaError>)] = []
        for await answer in tasks { answers.append(answer) }
        return answers
      }
      for (name, answer) in answers { found[name] = try answer.get() }
    }
    return found
  }

  private func offsets(
    of group: String, _ partitions: [TopicPartition]?
  ) async -> Result<[TopicPartition: Int64], KafkaError> {
    do throws(KafkaError) {
      return .success(
        try await admin.committedOffsets(group: group, of: partitions, timeout: timeout))
    } catch {
      return error.code == .groupNotFound ? .success([:]) : .failure(error)
    }
  }
}
