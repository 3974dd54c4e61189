import Contracts
import Foundation
import NIOHTTP1
import Postgres
import TestSupport

/// Activities that find their deals and are searched for 5,000 keywords, until the commands that
/// follow from them stand in the outbox.
struct ActivitiesFigure {
  private static let keywords = 5_000
  private static let deals = 10_000

  let bench: Bench

  func measure() async throws {
    let count = bench.count(200_000)
    try await Cluster.lend([.activityIngest, .stageService]) { cluster in
      try await cluster.publish(pipeline: DealEvents.pipeline)
      try await addRules(to: cluster)
      let deals = try await addDeals(to: cluster)
      let service = cluster.replicas(of: .activityIngest)[0]
      // Nobody reads until all of it is there, and then only the one that is measured runs.
      let stageService = cluster.stageServices[0]
      _ = try await stageService.terminate()
      cluster.remove(stageService)
      try service.pause()
      announce("  writing \(count) activities")
      var texts = ActivityTexts(deals: deals)
      try await cluster.writeBacklog(count, to: .activities) { try texts.next() }
      let meter = try cluster.meter()
      let start = ContinuousClock.now
      try service.resume()
      try await cluster.withDatabase(of: .activityIngest) { pool in
        while try await cluster.consumed(.activities, from: pool) < count {
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      let processor = meter.seconds(of: service.name)
      let decoding = try ActivitiesFigure.decoding()
      let usage = meter.usage()
      bench.report.add(
        Figure(
          "activities", Double(count) / processor, "activities/s and core",
          floor: .init(name: "decoding", value: decoding), aim: "20000", usage: usage,
          parameters: [
            "activities": Double(count), "keywords": Double(ActivitiesFigure.keywords),
            "seconds": seconds,
          ]))
      bench.report.add(
        Figure("activities.wall", Double(count) / seconds, "activities/s", usage: usage))
    }
  }

  /// Words that no text holds but one in a hundred.
  private func addRules(to cluster: Cluster) async throws {
    let words = (0..<ActivitiesFigure.keywords).map { "\"\(ActivityTexts.word($0))\"" }
    let body = """
      {"key":"bench","name":{"zh":"测","en":"Bench"},"intent":"bench","mode":"hint","enabled":true,\
      "keywords":[\(words.joined(separator: ","))],"confidence":0.9,\
      "transitions":[{"to":"next"}]}
      """
    let answer = try await cluster.client.send(
      .POST, "\(cluster.replicas(of: .activityIngest)[0].url)/v1/rules", token: cluster.token,
      body: Array(body.utf8))
    try check(answer.status == 201, "the rule was not taken: \(answer.text)")
  }

  private func addDeals(to cluster: Cluster) async throws -> [EntityID] {
    var events = DealEvents()
    var ids: [EntityID] = []
    var waiting: [StageEvent] = []
    while ids.count < ActivitiesFigure.deals {
      let event = events.next()
      if event.type == .created { ids.append(event.opportunityId) }
      waiting.append(event)
    }
    var rest = waiting[...]
    try await cluster.writeBacklog(waiting.count, to: .stageChanges) {
      try rest.removeFirst().wireMessage(source: "/bench")
    }
    try await cluster.waitUntilConsumed(.stageChanges, by: .activityIngest)
    return ids
  }

  /// Activities per second of one core, the messages being in memory.
  private static func decoding() throws -> Double {
    var texts = ActivityTexts(deals: [.make(at: .now())])
    let messages = try (0..<20_000).map { _ in try texts.next() }
    let start = ContinuousClock.now
    for message in messages { _ = try ObservedActivity.read(message) }
    return Double(messages.count) / ((ContinuousClock.now - start) / .seconds(1))
  }
}

/// Mails and calls about deals; the same in every run.
struct ActivityTexts {
  let deals: [EntityID]
  private var generator = Generator(seed: 11)
  private var number = 0

  init(deals: [EntityID]) { self.deals = deals }

  /// A keyword of the rule of this benchmark, of two words.
  static func word(_ number: Int) -> String {
    let letters = Array("bcdfghjklmnpqrstvwxz")
    let word = [number / 400 % 20, number / 20 % 20, number % 20].map { String(letters[$0]) }
    return "a\(word[0])e\(word[1])i\(word[2])o offer"
  }

  private static let sentences = [
    "您好，上周发来的资料已经收到，我们内部还在讨论，下周二开会后再给您答复。",
    "Thank you for the call this morning; our team is going through the numbers.",
    "请问交货周期大概多久？如果可以的话麻烦发一份案例给我参考一下。",
    "Could you send the updated schedule before Friday? We need it for planning.",
  ]

  mutating func next() throws -> WireMessage {
    number += 1
    let random = generator.next()
    var text = ActivityTexts.sentences[Int(random % 4)]
    if random % 100 == 0 { text += " \(ActivityTexts.word(Int(random / 100 % 5_000)))." }
    let activity = ObservedActivity(
      id: "a-\(number)", source: "/bench/mail", time: .now(),
      observation: ActivityObservation(
        kind: "email", direction: .inbound, opportunityId: deals[Int(random / 4) % deals.count],
        text: text))
    return try activity.wireMessage(source: activity.source)
  }
}
