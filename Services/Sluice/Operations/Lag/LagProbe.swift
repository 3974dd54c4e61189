import Contracts
import Kafka

/// What a group finds next in a partition.
enum NextMessage: Hashable, Sendable {
  case message(offset: Int64, timestamp: Instant?)
  /// Nothing that a reader gets: the end, or only transaction markers and aborted messages.
  case none
  /// Not learned in time.
  case unanswered

  init(_ message: KafkaMessage) {
    // A producer may write any number: one outside the years 1970 to 9999 is no time.
    let milliseconds = message.timestampMilliseconds ?? -1
    let isTime = (0..<253_402_300_800_000).contains(milliseconds)
    self = .message(
      offset: message.offset, timestamp: isTime ? Instant(milliseconds: milliseconds) : nil)
  }
}

/// Looks what lies at offsets, for any number of groups that stand at different ones in the same
/// partition.
struct LagProbe: Sendable {
  let admin: KafkaAdmin
  var timeout = Duration.seconds(10)

  struct Place: Hashable, Sendable {
    var source: TopicPartition
    var offset: Int64
  }

  func next(at places: Set<Place>) async throws(KafkaError) -> [Place: NextMessage] {
    var waiting = Dictionary(grouping: places, by: \.source)
    var found: [Place: NextMessage] = [:]
    // A reader has one position in each partition.
    while !waiting.isEmpty {
      var round: [TopicPartition: Int64] = [:]
      for source in waiting.keys { round[source] = waiting[source]?.popLast()?.offset }
      waiting = waiting.filter { !$0.value.isEmpty }
      let first = try await admin.messages(at: round, timeout: timeout)
      for (source, offset) in round {
        let place = Place(source: source, offset: offset)
        if let message = first.found[source] {
          found[place] = NextMessage(message)
        } else {
          found[place] = first.unanswered.contains(source) ? .unanswered : NextMessage.none
        }
      }
    }
    return found
  }

  /// The lags of several groups at once.
  /// - Parameter positions: by group and partition the position and what Kafka has committed.
  func lags(
    _ positions: [String: [TopicPartition: Position]], _ logs: [TopicPartition: Watermarks],
    now: Instant
  ) async throws(KafkaError) -> [String: [PartitionLag]] {
    var places: Set<Place> = []
    for group in positions.values {
      for (source, position) in group {
        guard let log = logs[source] else { continue }
        let offset = PartitionLag.position(log, stored: position.stored)
        if offset < log.high { places.insert(Place(source: source, offset: offset)) }
      }
    }
    let next = try await next(at: places)
    return positions.mapValues { group in
      group.sorted { $0.key < $1.key }.compactMap { source, position in
        logs[source].map { log in
          let offset = PartitionLag.position(log, stored: position.stored)
          return PartitionLag(
            source, log: log, stored: position.stored, committed: position.committed,
            next: next[Place(source: source, offset: offset)] ?? NextMessage.none, now: now)
        }
      }
    }
  }

  struct Position: Sendable {
    /// Where the group reads on; nil before it has a position.
    var stored: Int64?
    /// By Kafka's own record.
    var committed: Int64?
  }
}
