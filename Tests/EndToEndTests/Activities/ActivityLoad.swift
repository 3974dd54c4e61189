import Contracts
import Foundation
import Kafka
import NIOCore
import NIOHTTP1
import Synchronization
import TestSupport

/// Activities for deals that stand in `proposal`: over HTTP in all three modes of CloudEvents and over
/// Kafka in two, some of them twice, in no order, with unreadable ones between.
final class ActivityLoad: Sendable {
  /// What must be in a deal's history, exactly once.
  struct Accepted: Hashable, Sendable {
    var id: String
    var deal: EntityID
  }

  static let confirmation = "报价我们确认了，按这个走"
  private static let texts = [
    "谢谢，材料收到了", "下周二下午方便电话吗？", "能不能确认报价里有没有运费？", "We still have not confirmed the quote.",
  ]
  /// One of so many messages over Kafka cannot be read.
  private static let poisonShare = 100
  /// Of a publisher after each activity; without it a long fault ends with tens of thousands.
  private static let pause = Duration.milliseconds(20)

  struct Deal: Sendable {
    var id: EntityID
    var externalID: String
    var email: String
  }

  private let cluster: Cluster
  private let deals: [Deal]
  private let accepted = Mutex<[Accepted]>([])
  private let poisoned = Mutex(0)
  private let isStopped = Mutex(false)
  private let confirmed = Mutex<Set<EntityID>>([])

  init(_ cluster: Cluster, deals: [Deal]) {
    self.cluster = cluster
    self.deals = deals
  }

  var acceptedActivities: [Accepted] { accepted.withLock { $0 } }
  var poisonCount: Int { poisoned.withLock { $0 } }
  /// The deals whose customers have confirmed the quote.
  var confirmedDeals: Set<EntityID> { confirmed.withLock { $0 } }

  /// Publishes activities around `body`, at least `count` from each of two publishers, and checks what
  /// has become of all of them: in the histories, in the deals, in the webhooks and in the figures.
  static func runAndCheck(
    on cluster: Cluster, count: Int = 120, seed: UInt64 = 3,
    _ body: @escaping @Sendable (ActivityLoad) async throws -> Void
  ) async throws {
    try await cluster.waitUntilAssigned()
    let receiver = try await WebhookReceiver(on: cluster)
    let before = Set(try await cluster.feed().map(\.eventId))
    let load = ActivityLoad(cluster, deals: try await cluster.makeDeals(12))
    try await load.run(count: count, seed: seed, body)
    try await load.checkRecorded(on: cluster)
    let events = try await cluster.feed().filter { !before.contains($0.eventId) }
    try await receiver.checkReceived(events)
    await receiver.stop()
    try await cluster.verify()
    try await load.checkDeadLetters(on: cluster)
  }

  /// Returns when that many more activities have been accepted.
  func waitForAccepted(_ more: Int, within limit: Duration = .seconds(60)) async throws {
    let goal = acceptedActivities.count + more
    try await eventually(within: limit, "\(goal) activities are accepted") {
      acceptedActivities.count >= goal
    }
  }

  private func run(
    count: Int, seed: UInt64, _ body: @escaping @Sendable (ActivityLoad) async throws -> Void
  ) async throws {
    let goesOn: @Sendable (Int) -> Bool = { $0 < count || !self.isStopped.withLock { $0 } }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.publishOverHTTP(while: goesOn, Generator(seed: seed)) }
      group.addTask { try await self.publishOverKafka(while: goesOn, Generator(seed: seed + 1)) }
      group.addTask {
        defer { self.isStopped.withLock { $0 = true } }
        try await body(self)
      }
      try await group.waitForAll()
    }
  }

  private struct Event {
    var id: String
    var deal: Deal
    var confirms: Bool
    var time: Instant
    var data: [String: JSONValue]

    var attributes: [(String, String)] {
      [
        ("specversion", "1.0"), ("id", id), ("source", "/load"),
        ("type", ObservedActivity.type), ("time", time.description),
      ]
    }

    var structured: JSONValue {
      .object(
        Dictionary(uniqueKeysWithValues: attributes.map { ($0.0, JSONValue.string($0.1)) })
          .merging(["data": .object(data)]) { $1 })
    }
  }

  private func event(_ id: String, using generator: inout Generator) -> Event {
    let deal = deals.randomElement(using: &generator)!
    let confirms = Int.random(in: 0..<6, using: &generator) == 0
    let text = confirms ? Self.confirmation : Self.texts.randomElement(using: &generator)!
    var data: [String: JSONValue] = [
      "kind": "email", "direction": "inbound", "text": .string(text),
    ]
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: data["opportunityId"] = .string(deal.id.description)
    case 1: data["externalId"] = .string(deal.externalID)
    default: data["contact"] = .object(["email": .string(deal.email)])
    }
    let age = Double.random(in: 0..<3_600, using: &generator)
    return Event(
      id: id, deal: deal, confirms: confirms, time: Instant.now().adding(seconds: -age), data: data)
  }

  private func accept(_ event: Event) {
    accepted.withLock { $0.append(Accepted(id: event.id, deal: event.deal.id)) }
    if event.confirms { confirmed.withLock { _ = $0.insert(event.deal.id) } }
  }

  private func publishOverHTTP(
    while goesOn: (Int) -> Bool, _ start: Generator
  ) async throws {
    var generator = start
    for number in 0... {
      guard goesOn(number) else { return }
      try await Task.sleep(for: Self.pause)
      let event = event("http-\(number)", using: &generator)
      let mode = number % 3
      let repeats = Int.random(in: 0..<5, using: &generator) == 0 ? 2 : 1
      for _ in 0..<repeats { try await post(event, mode: mode) }
      accept(event)
    }
  }

  /// Until somebody takes it.
  private func post(_ event: Event, mode: Int) async throws {
    let url = cluster.replicas(of: .activityIngest)[0].url + "/v1/activities"
    let (body, type, headers): ([UInt8], String, [(String, String)])
    switch mode {
    case 0:
      body = try JSONCoding.encode(JSONValue.object(event.data))
      (type, headers) = ("application/json", event.attributes.map { ("ce-\($0.0)", $0.1) })
    case 1:
      body = try JSONCoding.encode(event.structured)
      (type, headers) = ("application/cloudevents+json", [])
    default:
      body = try JSONCoding.encode([event.structured])
      (type, headers) = ("application/cloudevents-batch+json", [])
    }
    try await eventually(within: .seconds(60), "activity \(event.id) is accepted") {
      guard
        let answer = try? await cluster.client.send(
          .POST, url, token: cluster.token, body: body, contentType: type, headers: headers,
          timeout: .seconds(2))
      else { return false }
      try check(answer.status == 202 || answer.status >= 500, "\(answer.status) \(answer.text)")
      return answer.status == 202
    }
  }

  private func publishOverKafka(
    while goesOn: (Int) -> Bool, _ start: Generator
  ) async throws {
    let producer = try KafkaProducer(cluster.kafkaConfiguration, logger: quietLogger)
    do {
      try await publish(with: producer, while: goesOn, start)
    } catch {
      await producer.close(within: .seconds(5))
      throw error
    }
    await producer.close(within: .seconds(5))
  }

  private func publish(
    with producer: KafkaProducer, while goesOn: (Int) -> Bool, _ start: Generator
  ) async throws {
    var generator = start
    for number in 0... {
      guard goesOn(number) else { return }
      try await Task.sleep(for: Self.pause)
      let event = event("kafka-\(number)", using: &generator)
      let isPoison = number % Self.poisonShare == Self.poisonShare / 2
      if isPoison { poisoned.withLock { $0 += 1 } }
      let record = try record(event, isStructured: number % 2 == 0, isPoison: isPoison)
      let copies = Int.random(in: 0..<5, using: &generator) == 0 ? 2 : 1
      for result in await producer.send(Array(repeating: record, count: isPoison ? 1 : copies)) {
        _ = try result.get()
      }
      if !isPoison { accept(event) }
    }
  }

  private func record(_ event: Event, isStructured: Bool, isPoison: Bool) throws -> KafkaRecord {
    let topic = cluster.topic(.activities)
    let key = Array(event.deal.id.description.utf8)
    if isPoison {
      let text = #"{"specversion":"1.0","id":"\#(event.id)","source":"/load","#
      return KafkaRecord(
        topic: topic, key: key, value: Array(text.utf8),
        headers: [KafkaHeader(name: "content-type", value: "application/cloudevents+json")])
    }
    if isStructured {
      return KafkaRecord(
        topic: topic, key: key, value: try JSONCoding.encode(event.structured),
        headers: [KafkaHeader(name: "content-type", value: "application/cloudevents+json")])
    }
    return KafkaRecord(
      topic: topic, key: key, value: try JSONCoding.encode(JSONValue.object(event.data)),
      headers: event.attributes.map { KafkaHeader(name: "ce_\($0.0)", value: $0.1) }
        + [KafkaHeader(name: "content-type", value: "application/json")])
  }
}

extension KafkaHeader {
  fileprivate init(name: String, value: String) {
    self.init(name: name, value: Array(value.utf8))
  }
}
