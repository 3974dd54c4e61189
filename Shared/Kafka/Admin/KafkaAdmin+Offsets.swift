import CRdKafka

/// A consumer group as the cluster lists it.
package struct ConsumerGroup: Hashable, Sendable {
  package var name: String
  /// "Stable", "Empty", "Dead", "PreparingRebalance", "CompletingRebalance" or "Unknown".
  package var state: String

  package init(name: String, state: String) {
    self.name = name
    self.state = state
  }
}

extension KafkaAdmin {
  /// All groups, by name.
  package func groups(
    timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [ConsumerGroup] {
    try await request(
      RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPS, "ListGroups", timeout: timeout,
      submit: { client, options, queue in
        rd_kafka_ListConsumerGroups(client.native, options, queue)
      },
      read: { event throws(KafkaError) in
        let result = rd_kafka_event_ListConsumerGroups_result(event)
        var count = 0
        if let errors = rd_kafka_ListConsumerGroups_result_errors(result, &count), count > 0,
          let error = errors[0]
        {
          throw KafkaError(
            rd_kafka_error_code(error),
            "ListGroups: \(String(cString: rd_kafka_error_string(error)))"
          )
        }
        let listings = rd_kafka_ListConsumerGroups_result_valid(result, &count)
        return UnsafeBufferPointer(start: listings, count: count)
          .map { listing in
            let state = rd_kafka_ConsumerGroupListing_state(listing)
            return ConsumerGroup(
              name: String(cString: rd_kafka_ConsumerGroupListing_group_id(listing)),
              state: String(cString: rd_kafka_consumer_group_state_name(state)))
          }
          .sorted { $0.name < $1.name }
      })
  }

  /// The offsets that a group committed to the broker: the next one to consume of each partition.
  /// - Parameter partitions: those to ask for; nil for all that the group ever committed, which the
  ///   embedded broker does not know.
  package func committedOffsets(
    group: String, of partitions: [TopicPartition]? = nil, timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [TopicPartition: Int64] {
    try await request(
      RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, "OffsetFetch", timeout: timeout,
      submit: { client, options, queue in
        var native: OpaquePointer?
        if let partitions {
          let list = PartitionList(partitions)
          native = rd_kafka_ListConsumerGroupOffsets_new(group, list.native)
        } else {
          native = rd_kafka_ListConsumerGroupOffsets_new(group, nil)
        }
        defer { rd_kafka_ListConsumerGroupOffsets_destroy(native) }
        rd_kafka_ListConsumerGroupOffsets(client.native, &native, 1, options, queue)
      },
      read: { event throws(KafkaError) in
        let result = rd_kafka_event_ListConsumerGroupOffsets_result(event)
        var count = 0
        let groups = rd_kafka_ListConsumerGroupOffsets_result_groups(result, &count)
        guard let groups, count > 0, let group = groups[0] else { return [:] }
        if let error = rd_kafka_group_result_error(group) {
          throw KafkaError(
            rd_kafka_error_code(error), String(cString: rd_kafka_error_string(error)))
        }
        var offsets: [TopicPartition: Int64] = [:]
        for entry in PartitionList.entries(rd_kafka_group_result_partitions(group)) {
          guard entry.err == RD_KAFKA_RESP_ERR_NO_ERROR, entry.offset >= 0 else { continue }
          offsets[PartitionList.source(entry)] = entry.offset
        }
        return offsets
      })
  }

  /// Asks the broker for the range of offsets of each partition.
  package func watermarks(
    of partitions: [TopicPartition], timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [TopicPartition: Watermarks] {
    try await run(within: timeout, "watermarks") { client throws(KafkaError) in
      var found: [TopicPartition: Watermarks] = [:]
      for source in partitions {
        found[source] = try client.queryWatermarks(of: source, timeout: timeout)
      }
      return found
    }
  }

  /// The first message at or after each offset; partitions that have none there are missing. This
  /// tells how old the first unread message is, or which event lies at an offset.
  package func messages(
    at offsets: [TopicPartition: Int64], timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [TopicPartition: KafkaMessage] {
    let deadline = ContinuousClock.now + timeout
    let marks = try await watermarks(of: offsets.keys.sorted(), timeout: timeout)
    var missing = offsets.filter { $0.value < marks[$0.key]?.high ?? 0 }
    guard !missing.isEmpty else { return [:] }
    // A group name is required of a consumer; this one neither joins nor commits.
    let consumer = try KafkaConsumer(
      configuration, group: "\(configuration.clientID)-reader", logger: logger)
    var found: [TopicPartition: KafkaMessage] = [:]
    var failure: KafkaError?
    do throws(KafkaError) {
      try await consumer.assign(missing.mapValues { .offset($0) })
      while !missing.isEmpty, ContinuousClock.now < deadline {
        let waiting = min(.milliseconds(100), deadline - .now)
        for case .messages(let messages) in await consumer.poll(upTo: 1_000, waiting: waiting) {
          for message in messages where missing.removeValue(forKey: message.source) != nil {
            found[message.source] = message
          }
        }
      }
    } catch {
      failure = error
    }
    await consumer.close(within: .seconds(1))
    if let failure { throw failure }
    return found
  }
}
