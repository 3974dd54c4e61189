import Contracts
import Kafka
import Messaging

/// What to send again, and how.
struct RedriveRequest: Sendable {
  enum Choice: Sendable {
    /// These, whether or not they have been re-driven before.
    case positions([LetterPosition])
    /// All that match and wait.
    case all(DeadLetterFilter.Criteria)
  }

  var choice: Choice
  /// The name on the cluster; nil for the origin of each.
  var topic: String?
  /// Instead of the original.
  var value: [UInt8]?
  /// Instead of the original headers of the same name, or beside them.
  var headers: [(name: String, value: String)] = []
  var isDryRun = false

  var isMended: Bool { value != nil || !headers.isEmpty }
}

/// Sends dead letters again, and writes down that it did.
///
/// First the message, then, once it is acknowledged, the note. Whoever is killed in between leaves a
/// letter that looks as if it waited; it is then sent a second time under the same event id, which
/// readers drop.
struct Redrive: Sendable {
  let log: DeadLetterLog
  /// One result per record, in order.
  let send: @Sendable ([KafkaRecord]) async -> [Result<KafkaDelivery, KafkaError>]
  var now: @Sendable () -> Instant = { .now() }

  /// - Parameter topics: those of the cluster.
  func run(_ request: RedriveRequest, topics: Set<String>) async throws -> RedriveReport {
    let box = try await log.box()
    var report = RedriveReport(isDryRun: request.isDryRun)
    let chosen = try choose(request, box, &report)
    let targets = try targets(of: chosen, request, topics)
    let letters = Dictionary(uniqueKeysWithValues: chosen.map { ($0.position, $0) })
    try await log.messages(at: Set(letters.keys)) { messages in
      var batch: [Parcel] = []
      for message in messages {
        guard let letter = letters[LetterPosition(message)],
          let topic = targets[letter.position]
        else { continue }
        batch.append(try parcel(letter, message, to: topic, request))
      }
      if request.isDryRun {
        report.redriven += batch.map(\.item)
      } else {
        try await deliver(batch, request, &report)
      }
    }
    let found = Set((report.redriven + report.failed.map(\.item)).map(\.position))
    for letter in chosen where !found.contains(letter.position) {
      report.skipped.append(.init(position: letter.position, why: "it was deleted meanwhile"))
    }
    return report
  }

  /// One letter on its way.
  private struct Parcel {
    var letter: BuriedLetter
    var record: KafkaRecord
    var item: RedriveReport.Item
  }

  private func choose(
    _ request: RedriveRequest, _ box: DeadLetterBox, _ report: inout RedriveReport
  ) throws -> [BuriedLetter] {
    switch request.choice {
    case .positions(let positions):
      var seen: Set<LetterPosition> = []
      return try positions.map { try box.letter(at: $0) }
        .filter { seen.insert($0.position).inserted }
        .map { letter in
          if let reason = Redrive.obstacle(letter, request) {
            throw OperatorFailure.usage("\(letter.position) cannot be re-driven: \(reason)")
          }
          return letter
        }
    case .all(let criteria):
      return box.letters(criteria).filter { letter in
        if letter.isRedriven { return false }
        guard let reason = Redrive.obstacle(letter, request) else { return true }
        report.skipped.append(.init(position: letter.position, why: reason))
        return false
      }
    }
  }

  private static func obstacle(_ letter: BuriedLetter, _ request: RedriveRequest) -> String? {
    if let row = letter.outboxId {
      return "the broker never took it; its value is in row \(row) of outbox_undeliverable"
    }
    if request.topic == nil, letter.origin.topic == nil {
      return "it does not say which topic it came from; name one with --to"
    }
    return nil
  }

  /// Refused as a whole when one topic is missing, so that nothing is half done.
  private func targets(
    of letters: [BuriedLetter], _ request: RedriveRequest, _ topics: Set<String>
  ) throws -> [LetterPosition: String] {
    var targets: [LetterPosition: String] = [:]
    for letter in letters { targets[letter.position] = request.topic ?? letter.origin.topic }
    let missing = Set(targets.values).subtracting(topics).sorted()
    guard missing.isEmpty else {
      throw OperatorFailure(
        status: request.topic == nil ? .unavailable : .usage,
        message: "Kafka has no topic \(missing.joined(separator: ", ")); nothing was sent. "
          + (request.topic == nil ? "--to names another one" : "sluice topics ensure makes ours"))
    }
    return targets
  }

  private func parcel(
    _ letter: BuriedLetter, _ message: KafkaMessage, to topic: String, _ request: RedriveRequest
  ) throws -> Parcel {
    let record = try Redrive.record(
      letter, message, to: topic, from: log.topic, value: request.value, headers: request.headers)
    return Parcel(
      letter: letter, record: record,
      item: RedriveReport.Item(
        position: letter.position, topic: topic, key: letter.key, eventId: letter.eventId,
        count: letter.redriveCount + 1))
  }

  /// The original once more, with where it comes from and how often it has been sent again.
  static func record(
    _ letter: BuriedLetter, _ message: KafkaMessage, to topic: String, from deadLetters: String,
    value: [UInt8]? = nil, headers mended: [(name: String, value: String)] = []
  ) throws(OperatorFailure) -> KafkaRecord {
    let prefix = DeadLetterMessage.Header.originalPrefix
    let replaced = Set(
      ([RedriveHeader.from, RedriveHeader.count] + mended.map(\.name)).map { $0.lowercased() })
    var headers = message.headers.filter { $0.name.hasPrefix(prefix) }
      .map { KafkaHeader(name: String($0.name.dropFirst(prefix.count)), value: $0.value) }
      .filter { !replaced.contains($0.name.lowercased()) }
    headers += mended.map { KafkaHeader(name: $0.name, value: Array($0.value.utf8)) }
    if let value { try check(value, headers) }
    headers += [
      (RedriveHeader.from, "\(deadLetters):\(letter.position)"),
      (RedriveHeader.count, "\(letter.redriveCount + 1)"),
    ].map { KafkaHeader(name: $0.0, value: Array($0.1.utf8)) }
    return KafkaRecord(
      topic: topic, key: message.key, value: value ?? message.value, headers: headers)
  }

  /// A value that says it is JSON and is none would only come back.
  private static func check(_ value: [UInt8], _ headers: [KafkaHeader]) throws(OperatorFailure) {
    let type =
      headers.last { $0.name.lowercased() == "content-type" }?.value
      .map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard type.lowercased().contains("json") else { return }
    do {
      _ = try JSONCoding.decode(JSONValue.self, from: value)
    } catch {
      throw .usage(
        "the new value is not what the header content-type (\(PlainText.line(Array(type.utf8)))) "
          + "says: \(JSONCoding.explain(error))")
    }
  }

  private func deliver(
    _ batch: [Parcel], _ request: RedriveRequest, _ report: inout RedriveReport
  ) async throws {
    var notes: [KafkaRecord] = []
    var sent: [RedriveReport.Item] = []
    for (parcel, result) in zip(batch, await send(batch.map(\.record))) {
      var item = parcel.item
      switch result {
      case .success(let delivery):
        item.delivered = "\(delivery.partition):\(delivery.offset)"
        let note = RedriveNote(
          parcel.letter, to: item.topic, mended: request.isMended, at: now())
        notes.append(try note.record(on: log.topic, key: parcel.record.key))
        sent.append(item)
      case .failure(let error):
        report.failed.append(
          .init(item: item, error: error.description, isLasting: error.isPermanentForRecord))
      }
    }
    for (item, result) in zip(sent, await send(notes)) {
      report.redriven.append(item)
      if case .failure(let error) = result {
        report.unremembered.append(.init(position: item.position, why: error.description))
      }
    }
  }
}
