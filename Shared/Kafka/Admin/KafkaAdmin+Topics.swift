import CRdKafka

/// What the cluster says about a topic.
package struct TopicMetadata: Hashable, Sendable {
  package var partitions: Int
  /// Replicas of the first partition.
  package var replication: Int
  /// Partitions that nobody can read at present.
  package var leaderless: Set<Int32> = []

  package init(partitions: Int, replication: Int, leaderless: Set<Int32> = []) {
    self.partitions = partitions
    self.replication = replication
    self.leaderless = leaderless
  }
}

/// A topic to be made.
package struct TopicSpecification: Hashable, Sendable {
  package var name: String
  package var partitions: Int
  package var replication: Int
  /// Topic settings by the broker's names ("retention.ms").
  package var configuration: [String: String]

  package init(
    name: String, partitions: Int, replication: Int, configuration: [String: String] = [:]
  ) {
    self.name = name
    self.partitions = partitions
    self.replication = replication
    self.configuration = configuration
  }
}

extension KafkaAdmin {
  /// Every topic of the cluster by name, internal ones too. Creates none.
  package func metadata(
    timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [String: TopicMetadata] {
    try await run(within: timeout, "metadata") { client throws(KafkaError) in
      var answer: UnsafePointer<rd_kafka_metadata>?
      try KafkaError.check(
        rd_kafka_metadata(client.native, 1, nil, &answer, timeout.milliseconds))
      guard let answer else { return [:] }
      defer { rd_kafka_metadata_destroy(answer) }
      let topics = UnsafeBufferPointer(
        start: answer.pointee.topics, count: Int(answer.pointee.topic_cnt))
      return topics.reduce(into: [:]) { found, topic in
        guard topic.err == RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        let partitions = UnsafeBufferPointer(
          start: topic.partitions, count: Int(topic.partition_cnt))
        found[String(cString: topic.topic)] = TopicMetadata(
          partitions: partitions.count, replication: Int(partitions.first?.replica_cnt ?? 0),
          leaderless: Set(partitions.filter { $0.leader < 0 }.map(\.id)))
      }
    }
  }

  /// Makes topics; each has a result of its own (`.topicAlreadyExists` for one that is there).
  package func createTopics(
    _ topics: [TopicSpecification], timeout: Duration = .seconds(30)
  ) async throws(KafkaError) -> [String: Result<Void, KafkaError>] {
    guard !topics.isEmpty else { return [:] }
    return try await request(
      RD_KAFKA_ADMIN_OP_CREATETOPICS, "CreateTopics", timeout: timeout,
      submit: { client, options, queue throws(KafkaError) in
        var native: [OpaquePointer?] = []
        defer { rd_kafka_NewTopic_destroy_array(&native, native.count) }
        for topic in topics { native.append(try newTopic(topic)) }
        rd_kafka_CreateTopics(client.native, &native, native.count, options, queue)
      },
      read: { event in
        var count = 0
        let result = rd_kafka_event_CreateTopics_result(event)
        return topicResults(rd_kafka_CreateTopics_result_topics(result, &count), count)
      })
  }

  package func deleteTopics(
    _ names: [String], timeout: Duration = .seconds(30)
  ) async throws(KafkaError) -> [String: Result<Void, KafkaError>] {
    guard !names.isEmpty else { return [:] }
    return try await request(
      RD_KAFKA_ADMIN_OP_DELETETOPICS, "DeleteTopics", timeout: timeout,
      submit: { client, options, queue in
        var native = names.map { rd_kafka_DeleteTopic_new($0) }
        defer { rd_kafka_DeleteTopic_destroy_array(&native, native.count) }
        rd_kafka_DeleteTopics(client.native, &native, native.count, options, queue)
      },
      read: { event in
        var count = 0
        let result = rd_kafka_event_DeleteTopics_result(event)
        return topicResults(rd_kafka_DeleteTopics_result_topics(result, &count), count)
      })
  }

  /// Adds partitions until there are `total`. Keys then map to other partitions than before.
  package func createPartitions(
    _ topic: String, to total: Int, timeout: Duration = .seconds(30)
  ) async throws(KafkaError) {
    let results = try await request(
      RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, "CreatePartitions", timeout: timeout,
      submit: { client, options, queue throws(KafkaError) in
        var reason = [CChar](repeating: 0, count: 512)
        var native = rd_kafka_NewPartitions_new(topic, total, &reason, reason.count)
        guard native != nil else {
          throw KafkaError(.invalidArgument, "topic \"\(topic)\": \(ClientHandle.text(reason))")
        }
        defer { rd_kafka_NewPartitions_destroy(native) }
        rd_kafka_CreatePartitions(client.native, &native, 1, options, queue)
      },
      read: { event in
        var count = 0
        let result = rd_kafka_event_CreatePartitions_result(event)
        return topicResults(rd_kafka_CreatePartitions_result_topics(result, &count), count)
      })
    try results[topic]?.get()
  }
}

private func newTopic(_ topic: TopicSpecification) throws(KafkaError) -> OpaquePointer {
  var reason = [CChar](repeating: 0, count: 512)
  guard
    let native = rd_kafka_NewTopic_new(
      topic.name, Int32(topic.partitions), Int32(topic.replication), &reason, reason.count)
  else {
    throw KafkaError(.invalidArgument, "topic \"\(topic.name)\": \(ClientHandle.text(reason))")
  }
  for (name, value) in topic.configuration {
    _ = rd_kafka_NewTopic_set_config(native, name, value)
  }
  return native
}

private func topicResults(
  _ results: UnsafeMutablePointer<OpaquePointer?>?, _ count: Int
) -> [String: Result<Void, KafkaError>] {
  UnsafeBufferPointer(start: results, count: results == nil ? 0 : count).reduce(into: [:]) {
    outcomes, result in
    guard let result else { return }
    let name = String(cString: rd_kafka_topic_result_name(result))
    let code = rd_kafka_topic_result_error(result)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else {
      outcomes[name] = .success(())
      return
    }
    let text = rd_kafka_topic_result_error_string(result).map { String(cString: $0) }
    outcomes[name] = .failure(
      KafkaError(code, "topic \"\(name)\": \(text ?? String(cString: rd_kafka_err2str(code)))"))
  }
}
