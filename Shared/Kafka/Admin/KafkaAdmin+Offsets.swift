import CRdKafka

extension KafkaAdmin {
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

  /// The range of offsets of many partitions, with two requests to each leader. The end is that for
  /// readers of committed messages: what an open transaction wrote lies behind it. Partitions
  /// without an answer are missing.
  package func logRanges(
    of partitions: [TopicPartition], timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [TopicPartition: Watermarks] {
    guard !partitions.isEmpty else { return [:] }
    return try await run(within: timeout * 2, "ranges of logs") { client throws(KafkaError) in
      let low = try listOffsets(partitions, at: .beginning, client, timeout)
      let high = try listOffsets(partitions, at: .end, client, timeout)
      return low.reduce(into: [:]) { found, entry in
        guard let end = high[entry.key] else { return }
        found[entry.key] = Watermarks(low: entry.value, high: max(entry.value, end))
      }
    }
  }

  /// The first message that a reader gets at or after each offset. This tells how old the first
  /// unread message is, or which event lies at an offset.
  package func messages(
    at offsets: [TopicPartition: Int64], timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> FirstMessages {
    let reader = try await KafkaLogReader(
      configuration, ranges: offsets.mapValues { $0..<Int64.max }, isSample: true,
      patience: timeout, logger: logger)
    var first = FirstMessages()
    do throws(KafkaError) {
      while let messages = try await reader.next() {
        for message in messages where first.found[message.source] == nil {
          first.found[message.source] = message
          reader.skip(message.source)
        }
      }
    } catch {
      await reader.close()
      throw error
    }
    first.unanswered = reader.unanswered
    await reader.close()
    return first
  }
}

/// What lies at some offsets. A partition that is in neither has nothing for a reader there: no
/// message, or only markers and what was aborted.
package struct FirstMessages: Sendable {
  package var found: [TopicPartition: KafkaMessage] = [:]
  /// The broker did not deliver them in time.
  package var unanswered: Set<TopicPartition> = []
}

/// The same question for all partitions; those that their leader refuses are missing.
private func listOffsets(
  _ partitions: [TopicPartition], at position: KafkaPosition, _ client: ClientHandle,
  _ timeout: Duration
) throws(KafkaError) -> [TopicPartition: Int64] {
  let list = PartitionList(partitions.map { ($0, position.nativeOffset) })
  try KafkaError.check(
    rd_kafka_offsets_for_times(client.native, list.native, timeout.milliseconds))
  return PartitionList.entries(list.native).reduce(into: [:]) { found, entry in
    guard entry.err == RD_KAFKA_RESP_ERR_NO_ERROR, entry.offset >= 0 else { return }
    found[PartitionList.source(entry)] = entry.offset
  }
}
