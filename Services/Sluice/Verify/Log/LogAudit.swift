import Contracts
import Messaging

/// One record of `stage-changes.v1`.
struct LogRecord: Sendable {
  var partition: Int32
  var offset: Int64
  var wire: WireMessage

  var place: String { "partition \(partition) offset \(offset)" }
}

/// Compares the records that Kafka still holds with the feed. Pure.
///
/// What the audit relies on: a resend repeats a run of one key from its beginning, so that in the
/// order of the log the next event of an opportunity follows its predecessor or repeats an earlier
/// one; and the beginning of a log may have been deleted.
struct LogAudit: Sendable {
  /// Records by what they turned out to be.
  struct Count: Codable, Equatable, Sendable {
    var messages = 0
    /// Messages whose event had stood in the log before.
    var duplicates = 0
    var tombstones = 0
    /// Messages of types that this version does not know, or that are no events.
    var skipped = 0
  }

  private struct Trace {
    var first: EventPosition
    var highest: EventPosition
    var partition: Int32
  }

  private(set) var differences = DifferenceLog()
  private(set) var count = Count()
  /// What is odd but wrong nowhere, such as a message that is no event.
  private(set) var remarks: [String] = []
  private(set) var earliestRecorded: [Int32: Instant] = [:]
  /// Events that the feed, as far as it was read, does not know, with where they stand.
  private(set) var pending: [(record: String, partition: Int32, event: StageEvent)] = []
  /// Events whose data differ from the feed's, to be shown side by side.
  private(set) var mismatches: [(record: String, event: StageEvent)] = []
  private var held: [Bool] = []
  private var traces: [Int32: Trace] = [:]

  mutating func add(_ record: LogRecord, feed: FeedIndex) {
    count.messages += 1
    let event: StageEvent
    do {
      switch try StageEvent.read(record.wire) {
      case .tombstone:
        count.tombstones += 1
        return
      case .unknownType(let type):
        return skip("\(record.place): unknown type \(type)")
      case .payload(let payload, _): event = payload
      }
    } catch {
      return skip("\(record.place): \(error)")
    }
    let key = record.wire.key.map { String(decoding: $0, as: UTF8.self) }
    if key != event.opportunityId.description {
      differences.add(
        .log, .different, record.place, live: "key \(key ?? "null")",
        recomputed: "key \(event.opportunityId)")
    }
    let earliest = earliestRecorded[record.partition] ?? event.recordedAt
    earliestRecorded[record.partition] = min(earliest, event.recordedAt)
    if let index = feed.index(of: event.id) {
      settle(event, index, record.place, record.partition, feed)
    } else {
      pending.append((record.place, record.partition, event))
    }
  }

  /// Looks again for what was pending, in a feed that was read on since.
  mutating func settle(feed: FeedIndex) {
    let waiting = pending
    pending = []
    for (record, partition, event) in waiting {
      if let index = feed.index(of: event.id) {
        settle(event, index, record, partition, feed)
      } else {
        pending.append((record, partition, event))
      }
    }
  }

  private mutating func settle(
    _ event: StageEvent, _ index: Int, _ record: String, _ partition: Int32, _ feed: FeedIndex
  ) {
    if held.count < feed.events.count {
      held += Array(repeating: false, count: feed.events.count - held.count)
    }
    let known = feed.events[index]
    if event.data.digest(as: event.type) != known.digest, !isErased(event, known, feed) {
      mismatches.append((record, event))
    }
    let isRepeated = held[index]
    if isRepeated { count.duplicates += 1 }
    held[index] = true
    guard var trace = traces[known.opportunity], trace.partition == partition else {
      // A key changes its partition only when partitions are added; then the order is open.
      if traces[known.opportunity] == nil {
        traces[known.opportunity] = Trace(
          first: known.position, highest: known.position, partition: partition)
      }
      return
    }
    if !isRepeated, known.position < trace.highest, known.position > trace.first {
      differences.add(
        .log, .outOfOrder, "\(record), event \(event.id)",
        live: "\(known.position.text) after its successor", recomputed: "before its successor")
    }
    trace.highest = max(trace.highest, known.position)
    traces[known.opportunity] = trace
  }

  /// Whether the feed has the event as it is since personal data were erased. The log keeps it as it
  /// was sent.
  private func isErased(_ event: StageEvent, _ known: FeedEvent, _ feed: FeedIndex) -> Bool {
    let later = (feed.erasures[event.opportunityId] ?? []).filter { $0.at > known.position }
    var data = event.data
    for erasure in later {
      data = data.erasing(erasure.what)
      // The feed may have been read between two of them.
      if data.digest(as: event.type) == known.digest { return true }
    }
    return false
  }

  private mutating func skip(_ remark: String) {
    count.skipped += 1
    if remarks.count < 20 { remarks.append(remark) }
  }
}

extension LogAudit {
  /// Which of the feed's events the log should hold.
  struct Expectation: Sendable {
    /// The feed's events that were published before the log was read: the first so many.
    var published: Int
    /// Events that still wait in the outbox.
    var unpublished: Set<EntityID>
    /// Events recorded later than this cannot have been deleted from the log's beginning.
    var completeAfter: Instant?
    /// Of new events. What the log has of a lower one and the feed has not, a database that was
    /// restored from a backup has lost.
    var epoch: Int64
  }

  /// What the log lacks, and what it holds that the feed does not know.
  mutating func finish(feed: FeedIndex, expecting expectation: Expectation) {
    let unknown = pending.filter { $0.event.epoch >= expectation.epoch }
    if unknown.count < pending.count {
      remarks.append(
        "the log holds \(pending.count - unknown.count) events that a restored database has lost")
    }
    for (record, _, event) in unknown {
      let position = EventPosition(epoch: event.epoch, sequence: event.sequence)
      differences.add(
        .log, .unexpected, "\(record), event \(event.id)",
        live: "opportunity \(event.opportunityId), \(position.text)",
        recomputed: "not in the feed")
    }
    for opportunity in feed.opportunities.indices {
      let chain = feed.chain(opportunity)
      let first = chain.firstIndex { isHeld($0) }
      let last = chain.lastIndex { isHeld($0) }
      for (place, index) in chain.enumerated() where !isHeld(index) {
        let event = feed.events[Int(index)]
        let isBetween = first.map { $0 < place } == true && last.map { place < $0 } == true
        let isDue = index < expectation.published && !expectation.unpublished.contains(event.id)
        let isKept =
          first.map { $0 < place } == true
          || expectation.completeAfter.map { $0 <= event.recordedAt } == true
        guard isBetween || isDue && isKept else { continue }
        differences.add(
          .log, .missing, "opportunity \(feed.opportunities[opportunity]), event \(event.id)",
          live: "not in the log", recomputed: event.position.text)
      }
    }
  }

  /// Whether the feed knows every event that it should know.
  ///
  /// - Parameter epoch: of new events.
  func isSettled(epoch: Int64) -> Bool { pending.allSatisfy { $0.event.epoch < epoch } }

  /// How many of the feed's events the log holds.
  var heldEvents: Int { held.count { $0 } }

  private func isHeld(_ index: Int32) -> Bool { Int(index) < held.count && held[Int(index)] }

  /// From when on the log must be complete; nil when nothing can be said.
  ///
  /// - Parameter trimmed: partitions whose beginning was deleted.
  func completeAfter(trimmed: Set<Int32>, feed: FeedIndex) -> Instant? {
    guard let earliest = earliestRecorded.values.min() else { return nil }
    let isWhole =
      trimmed.isEmpty && feed.events.lazy.map(\.recordedAt).min().map { earliest <= $0 } == true
    if isWhole { return earliest }
    guard trimmed.allSatisfy({ earliestRecorded[$0] != nil }) else { return nil }
    // Events recorded within moments of each other may be published in another order.
    let latest = trimmed.compactMap { earliestRecorded[$0] }.max() ?? earliest
    return max(latest, earliest).adding(seconds: 60)
  }
}
