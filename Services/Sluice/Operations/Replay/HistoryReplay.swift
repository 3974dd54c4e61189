import Contracts
import Kafka
import Logging
import Postgres

/// What was written.
struct ReplayReport: Codable, Equatable, Sendable {
  var id: String
  var clusterId: String
  var topic: String
  var events: Int
  /// Where each partition of the topic ends.
  var ends: [Int64]
  /// Where each partition of `stage-changes.v1` ended before the writing began: what stands there
  /// from then on, and what is in the topic, is everything.
  var liveStarts: [Int64]

  func text() -> String {
    "\(events) events of the history are in \(topic) on \(ends.count) partitions\n"
      + "sluice replay --delete --id \(id) removes it"
  }
}

/// Writes stage-service's history into a topic of its own, in the form that `stage-changes.v1` has.
struct HistoryReplay: Sendable {
  let feed: FeedReader
  /// With stage-service's schema as its search path.
  let stageService: PostgresPool
  let kafka: KafkaConfiguration
  let topicPrefix: String
  let logger: Logger
  /// How long transactions may stay open that hide younger events of the feed.
  var patience = Duration.seconds(60)

  /// - Parameters:
  ///   - id: names the topic, which must not be there yet.
  ///   - after: a cursor of the feed; nil begins with the first event.
  func write(
    id: String, after: String? = nil, progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws -> ReplayReport {
    try await withAdmin { admin in
      let topic = Topic.stageChangesReplay(id)
      var report = try await begin(id, topic, admin)
      try await waitForFeed()
      let total = try await count()
      report.events = try await copy(to: report.topic, after: after) { progress($0, total) }
      let ranges = try await ranges(of: report.topic, admin)
      guard ranges.allSatisfy({ $0.low == 0 }) else {
        throw OperatorFailure.unavailable(
          "Kafka dropped the beginning of \(report.topic) while it was written (the embedded one "
            + "keeps 5 MiB a partition); a history of this size needs a real Kafka")
      }
      report.ends = ranges.map(\.high)
      return report
    }
  }

  /// Removes the topic of an earlier replay; false when there is none.
  func delete(id: String) async throws -> Bool {
    let name = Topic.stageChangesReplay(id).name(prefix: topicPrefix)
    return try await withAdmin { admin in
      do {
        try await admin.deleteTopics([name])[name]?.get()
        return true
      } catch let error as KafkaError where error.code == .unknownTopicOrPartition {
        return false
      } catch let error as KafkaError where error.code == .unsupported {
        throw OperatorFailure.unavailable(
          "this broker deletes no topics on request (the embedded one of deploy/local/up forgets "
            + "them when it stops)")
      }
    }
  }

  /// Notes where the live topic ends and makes the new one.
  private func begin(
    _ id: String, _ topic: Topic, _ admin: KafkaAdmin
  ) async throws -> ReplayReport {
    let live = Topic.stageChanges.name(prefix: topicPrefix)
    let name = topic.name(prefix: topicPrefix)
    let metadata = try await admin.metadata()
    guard let model = metadata[live] else {
      throw OperatorFailure.unavailable("Kafka has no topic \(live); sluice topics ensure makes it")
    }
    guard metadata[name] == nil else {
      throw OperatorFailure.usage(
        "there is a topic \(name) already; take another --id, or remove it with "
          + "sluice replay --delete --id \(id)")
    }
    let report = ReplayReport(
      id: id, clusterId: try await admin.clusterID(), topic: name, events: 0, ends: [],
      liveStarts: try await ranges(of: live, admin).map(\.high))
    var wanted = WantedTopic(topic, prefix: topicPrefix, replication: model.replication)
    wanted.partitions = model.partitions
    do {
      try await admin.createTopics([wanted.specification(replication: model.replication)])[name]?
        .get()
    } catch {
      guard error.code == .unsupported else { throw error }
      // The embedded broker makes a topic when it is first written to.
    }
    return report
  }

  private func ranges(of topic: String, _ admin: KafkaAdmin) async throws -> [Watermarks] {
    let count = try await admin.metadata()[topic]?.partitions ?? 0
    let partitions = (0..<Int32(count)).map { TopicPartition(topic: topic, partition: $0) }
    let ranges = try await admin.watermarks(of: partitions)
    return partitions.compactMap { ranges[$0] }
  }

  /// The feed hides what transactions wrote that began after one that is still under way. Returns when
  /// none is left that was under way when it was called: whatever had been published by then shows.
  private func waitForFeed() async throws {
    let newest = try await stageService.query(
      "SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
    let horizon: String = try newest.first?.decode(0) ?? "0"
    let deadline = ContinuousClock.now + patience
    while true {
      let passed = try await stageService.query(
        "SELECT pg_snapshot_xmin(pg_current_snapshot()) >= $1::text::xid8", horizon)
      if try passed.first?.decode(0, as: Bool.self) == true { return }
      guard ContinuousClock.now < deadline else {
        throw OperatorFailure.unavailable(
          "a transaction of the database server has been open for \(patience / .seconds(1)) s and "
            + "hides younger events; pg_stat_activity (backend_xid) names it")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func count() async throws -> Int {
    try await stageService.query("SELECT count(*) FROM history").first?.decode(0) ?? 0
  }

  private func copy(
    to topic: String, after: String?, progress: (Int) -> Void
  ) async throws -> Int {
    var kafka = kafka
    // Somebody waits at a terminal; the producer's own five minutes are too long for that.
    kafka.overrides.merge(["message.timeout.ms": "60000"]) { given, _ in given }
    let producer = try KafkaProducer(kafka, logger: logger)
    do {
      var cursor = after
      var written = 0
      while true {
        let page = try await feed.fetch(cursor)
        try await send(page.items, to: topic, producer)
        written += page.items.count
        progress(written)
        guard let last = page.items.last, page.next != nil else { break }
        cursor = last.cursor
      }
      await producer.close(within: .seconds(5))
      return written
    } catch {
      await producer.close(within: .seconds(1))
      throw error
    }
  }

  private func send(
    _ items: [FeedItem], to topic: String, _ producer: KafkaProducer
  ) async throws {
    let records = try items.map { item in
      let wire = try StageEvent(id: item.eventId, type: item.type, data: item.data)
        .wireMessage(source: "/sluice/stage-service")
      return KafkaRecord(
        topic: topic, key: wire.key, value: wire.value,
        headers: wire.headers.map { KafkaHeader(name: $0.name, value: $0.value) })
    }
    for result in await producer.send(records) {
      if case .failure(let error) = result {
        throw OperatorFailure.unavailable(
          "Kafka did not take an event on \(topic): \(error); begin again")
      }
    }
  }

  private func withAdmin<Value>(_ body: (KafkaAdmin) async throws -> Value) async throws -> Value {
    let admin = try KafkaAdmin(kafka, logger: logger)
    do {
      let value = try await body(admin)
      await admin.close(within: .seconds(5))
      return value
    } catch {
      await admin.close(within: .seconds(5))
      throw error
    }
  }
}

extension HistoryReplay {
  init(_ context: OperatorContext, stageService: PostgresPool) throws {
    self.init(
      feed: FeedReader(try context.stageService()), stageService: stageService,
      kafka: try context.kafkaConfiguration(), topicPrefix: try context.topicPrefix,
      logger: context.logger)
  }

  /// A name for the topic that no other replay has.
  static func newID(now: Instant) -> String {
    let time = now.description.prefix(19).filter { $0.isNumber || $0 == "T" }.lowercased()
    return "\(time)-\(EntityID.make(at: now).description.suffix(6))"
  }
}
