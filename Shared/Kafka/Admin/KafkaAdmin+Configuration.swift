import CRdKafka

/// One setting of a topic.
private struct TopicSetting: Sendable {
  var name: String
  /// nil for a secret or unset value.
  var value: String?
  /// Set on the topic itself, not inherited.
  var isOwn: Bool
}

extension KafkaAdmin {
  /// The settings in force, inherited and default ones too, by topic and name. Secret values are
  /// left out.
  package func describeTopicConfiguration(
    _ topics: [String], timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [String: [String: String]] {
    try await settings(of: topics, timeout: timeout).mapValues { settings in
      settings.reduce(into: [:]) { $0[$1.name] = $1.value }
    }
  }

  /// Sets some settings of a topic and leaves its others as they are.
  ///
  /// librdkafka 2.0.2 has only the request that replaces them all, so the topic's own settings are
  /// read first and sent along; a change made by somebody else in between is lost.
  package func alterTopicConfiguration(
    _ topic: String, _ changes: [String: String], timeout: Duration = .seconds(10)
  ) async throws(KafkaError) {
    let own = try await settings(of: [topic], timeout: timeout)[topic, default: []]
      .filter(\.isOwn)
    var wanted: [String: String] = own.reduce(into: [:]) { $0[$1.name] = $1.value }
    wanted.merge(changes) { $1 }
    let target = wanted
    try await request(
      RD_KAFKA_ADMIN_OP_ALTERCONFIGS, "AlterConfigs", timeout: timeout,
      submit: { client, options, queue in
        var native = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic)
        defer { rd_kafka_ConfigResource_destroy(native) }
        for (name, value) in target { _ = rd_kafka_ConfigResource_set_config(native, name, value) }
        rd_kafka_AlterConfigs(client.native, &native, 1, options, queue)
      },
      read: { event throws(KafkaError) in
        var count = 0
        let result = rd_kafka_event_AlterConfigs_result(event)
        let resources = rd_kafka_AlterConfigs_result_resources(result, &count)
        for resource in UnsafeBufferPointer(start: resources, count: count) {
          try check(resource)
        }
      })
  }

  private func settings(
    of topics: [String], timeout: Duration
  ) async throws(KafkaError) -> [String: [TopicSetting]] {
    guard !topics.isEmpty else { return [:] }
    return try await request(
      RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, "DescribeConfigs", timeout: timeout,
      submit: { client, options, queue in
        var native = topics.map { rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, $0) }
        defer { rd_kafka_ConfigResource_destroy_array(&native, native.count) }
        rd_kafka_DescribeConfigs(client.native, &native, native.count, options, queue)
      },
      read: { event throws(KafkaError) in
        var count = 0
        let result = rd_kafka_event_DescribeConfigs_result(event)
        let resources = rd_kafka_DescribeConfigs_result_resources(result, &count)
        var found: [String: [TopicSetting]] = [:]
        for resource in UnsafeBufferPointer(start: resources, count: count) {
          try check(resource)
          guard let resource else { continue }
          found[String(cString: rd_kafka_ConfigResource_name(resource))] = entries(of: resource)
        }
        return found
      })
  }
}

private func check(_ resource: OpaquePointer?) throws(KafkaError) {
  let code = rd_kafka_ConfigResource_error(resource)
  let name = String(cString: rd_kafka_ConfigResource_name(resource))
  let text = rd_kafka_ConfigResource_error_string(resource).map { String(cString: $0) }
  try KafkaError.check(
    code, "topic \"\(name)\": \(text ?? String(cString: rd_kafka_err2str(code)))")
}

private func entries(of resource: OpaquePointer) -> [TopicSetting] {
  var count = 0
  let entries = rd_kafka_ConfigResource_configs(resource, &count)
  return UnsafeBufferPointer(start: entries, count: count).compactMap { entry in
    guard let entry, rd_kafka_ConfigEntry_is_sensitive(entry) == 0 else { return nil }
    return TopicSetting(
      name: String(cString: rd_kafka_ConfigEntry_name(entry)),
      value: rd_kafka_ConfigEntry_value(entry).map { String(cString: $0) },
      isOwn: rd_kafka_ConfigEntry_source(entry) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG)
  }
}
