import Contracts
import Kafka

/// How the lag of a group develops.
struct LagTrend: Encodable, Equatable, Sendable {
  enum Direction: String, Encodable, Sendable {
    case rising, falling, steady
  }

  /// Messages a second that the group got through, and that were written for it. Null before there
  /// are two looks to compare.
  var consumedPerSecond: Double?
  var producedPerSecond: Double?
  var direction: Direction?
  /// 0 without lag; null when it is not known, or never at this rate.
  var secondsToCatchUp: Double?
}

/// The last looks at the groups. Pure.
struct LagHistory: Sendable {
  private struct Look: Sendable {
    var at: Instant
    var lag: Int64
    /// By partition; without a position where the group has none yet.
    var positions: [TopicPartition: (position: Int64?, end: Int64)]
  }

  private let size: Int
  private var looks: [String: [Look]] = [:]

  /// - Parameter size: how many looks make a rate.
  init(size: Int = 5) { self.size = size }

  mutating func add(_ report: LagReport, at now: Instant) {
    for group in report.groups {
      var positions: [TopicPartition: (position: Int64?, end: Int64)] = [:]
      for row in group.partitions {
        positions[TopicPartition(topic: row.topic, partition: row.partition)] = (
          row.stored, row.logEnd
        )
      }
      let look = Look(at: now, lag: group.lagMessages, positions: positions)
      looks[group.group] = (looks[group.group] ?? []).suffix(size - 1) + [look]
    }
  }

  func trend(of group: String) -> LagTrend {
    guard let last = looks[group]?.last, let first = looks[group]?.first else { return LagTrend() }
    var trend = LagTrend(secondsToCatchUp: last.lag == 0 ? 0 : nil)
    let seconds = last.at.days(since: first.at) * 86_400
    guard seconds > 0 else { return trend }
    var consumed: Int64 = 0
    var produced: Int64 = 0
    for (source, now) in last.positions {
      guard let before = first.positions[source] else { continue }
      // Offsets that were set back, and logs that were made anew, are no rates.
      if let from = before.position, let to = now.position { consumed += max(0, to - from) }
      produced += max(0, now.end - before.end)
    }
    trend.consumedPerSecond = Double(consumed) / seconds
    trend.producedPerSecond = Double(produced) / seconds
    trend.direction =
      last.lag > first.lag ? .rising : last.lag < first.lag ? .falling : .steady
    let net = Double(consumed - produced) / seconds
    if last.lag > 0, net > 0 { trend.secondsToCatchUp = Double(last.lag) / net }
    return trend
  }
}
