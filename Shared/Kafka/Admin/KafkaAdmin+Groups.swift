import CRdKafka
import Glibc

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

/// A consumer group with who is in it.
package struct ConsumerGroupDescription: Hashable, Sendable {
  package var name: String
  /// As in ``ConsumerGroup``; "Dead" for one that the cluster does not know.
  package var state: String
  package var members: Int
  /// What the members hold together.
  package var assigned: Set<TopicPartition>

  package init(name: String, state: String, members: Int, assigned: Set<TopicPartition> = []) {
    self.name = name
    self.state = state
    self.members = members
    self.assigned = assigned
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

  /// Who is in these groups. Those that no coordinator answers for are missing.
  package func describeGroups(
    _ names: [String], timeout: Duration = .seconds(10)
  ) async throws(KafkaError) -> [String: ConsumerGroupDescription] {
    guard !names.isEmpty else { return [:] }
    return try await request(
      RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS, "DescribeGroups", timeout: timeout,
      submit: { client, options, queue in
        let copies = names.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        var pointers = copies.map { UnsafePointer<CChar>($0) }
        rd_kafka_DescribeConsumerGroups(client.native, &pointers, pointers.count, options, queue)
      },
      read: { event in
        var count = 0
        let result = rd_kafka_event_DescribeConsumerGroups_result(event)
        let groups = rd_kafka_DescribeConsumerGroups_result_groups(result, &count)
        return UnsafeBufferPointer(start: groups, count: groups == nil ? 0 : count)
          .reduce(into: [:]) { found, group in
            guard let group, rd_kafka_ConsumerGroupDescription_error(group) == nil else { return }
            let description = ConsumerGroupDescription(group)
            found[description.name] = description
          }
      })
  }
}

extension ConsumerGroupDescription {
  /// Copies everything; the native description stays its event's.
  init(_ native: OpaquePointer) {
    let members = rd_kafka_ConsumerGroupDescription_member_count(native)
    self.init(
      name: String(cString: rd_kafka_ConsumerGroupDescription_group_id(native)),
      state: String(
        cString: rd_kafka_consumer_group_state_name(
          rd_kafka_ConsumerGroupDescription_state(native))),
      members: members)
    for index in 0..<members {
      guard let member = rd_kafka_ConsumerGroupDescription_member(native, index),
        let assignment = rd_kafka_MemberDescription_assignment(member)
      else { continue }
      assigned.formUnion(
        PartitionList.sources(rd_kafka_MemberAssignment_partitions(assignment)))
    }
  }
}
