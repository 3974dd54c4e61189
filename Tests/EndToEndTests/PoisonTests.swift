import Contracts
import Foundation
import Kafka
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.serialized) struct PoisonTests {
    @Test(.timeLimit(.minutes(3))) func poisonIsSetAsideAndTheRestGoesOn() async throws {
      try await withCluster { cluster in
        let load = try await Load.run(on: cluster, seed: 8) { load in
          try await load.waitForAccepted(40)
          let poison = try Poison.all(for: load, on: cluster)
          try await cluster.produce(poison)
          // Behind the poison in the same partitions.
          try await load.waitForAccepted(80)
        }
        try await cluster.publish(pipeline: "published-later")
        try await cluster.waitUntilConsumed(.stageCommands, by: .stageService)
        try await cluster.waitUntilConsumed(.stageChanges, by: .forecasting)
        try await cluster.waitUntilConsumed(.pipelines, by: .forecasting)
        try await load.checkHistories()
        try await cluster.verify()
        try await checkDeadLetters(on: cluster)
        try await eventually("the later pipeline has a funnel") {
          let url = "\(cluster.forecastings[0].url)/v1/funnel?pipeline=published-later"
          return await cluster.client.status(of: url, token: cluster.token) == 200
        }
        for replica in cluster.replicas {
          try checkEqual(replica.ends, [], "ends of \(replica.name)")
          try await replica.waitUntilReady()
        }
      }
    }

    /// What is no event or cannot be decoded; a null value and an unknown type are no mistakes.
    private func checkDeadLetters(on cluster: Cluster) async throws {
      var letters: [KafkaMessage] = []
      let expected = Poison.topics.flatMap { topic in
        [
          "\(cluster.topic(topic)) invalid-data", "\(cluster.topic(topic)) not-a-cloud-event",
        ]
      }
      try await eventually("the dead letters are published") {
        letters = try await cluster.read(.deadLetters)
        return letters.count >= expected.count
      }
      let found = letters.map {
        "\($0.header("sluice_origin_topic") ?? "-") \($0.header("sluice_reason_code") ?? "-")"
      }
      try checkEqual(found.sorted(), expected.sorted(), "dead letters")
      for letter in letters {
        let isKept = [Poison.invalidText, Poison.noEvent].contains(letter.value ?? [])
        try check(isKept, "a dead letter does not hold the original: \(letter)")
        try check(letter.header("sluice_reason")?.isEmpty == false, "no reason: \(letter)")
        try check(letter.header("sluice_origin_offset") != nil, "no origin: \(letter)")
      }
    }
  }
}

/// Messages that no reader can use.
private enum Poison {
  static let topics: [Topic] = [.stageCommands, .stageChanges, .pipelines]
  /// No UTF-8, and no JSON.
  static let invalidText: [UInt8] = [0x7B, 0x22, 0xC3, 0x28, 0xFF, 0xFE]
  static let noEvent = Array("hello".utf8)

  /// Each kind on each topic, under the keys of deals that the load works on.
  static func all(for load: Load, on cluster: Cluster) throws -> [KafkaRecord] {
    let types: [Topic: String] = [
      .stageCommands: StageCommandType.update.rawValue,
      .stageChanges: StageEventType.changed.rawValue, .pipelines: PublishedPipeline.type,
    ]
    return topics.flatMap { topic in
      let deals = load.ledger.deals.suffix(4).map { Array($0.description.utf8) }
      func key(_ index: Int) -> [UInt8] { deals[index % deals.count] }
      let name = cluster.topic(topic)
      return [
        KafkaRecord(
          topic: name, key: key(0), value: invalidText, headers: headers(types[topic] ?? "")),
        KafkaRecord(topic: name, key: key(1), value: nil, headers: headers(types[topic] ?? "")),
        KafkaRecord(
          topic: name, key: key(2), value: Array("{}".utf8),
          headers: headers("sluice.never-heard-of.v9")),
        KafkaRecord(topic: name, key: key(3), value: noEvent),
      ]
    }
  }

  private static func headers(_ type: String) -> [KafkaHeader] {
    [
      ("ce_specversion", "1.0"), ("ce_id", UUID().uuidString.lowercased()),
      ("ce_source", "/poison"), ("ce_type", type), ("content-type", "application/json"),
    ].map { KafkaHeader(name: $0.0, value: Array($0.1.utf8)) }
  }
}
