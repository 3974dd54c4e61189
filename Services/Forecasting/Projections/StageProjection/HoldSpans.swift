import Contracts

/// When a deal was on hold.
struct HoldSpans: Hashable, Sendable {
  private struct Span: Hashable {
    var begin: Instant
    var end: Instant
  }

  private var ended: [Span] = []
  /// Of the hold that lasts.
  private(set) var openSince: Instant?

  /// - Parameter facts: all events of a deal, by position.
  init(_ facts: [StageFact]) {
    for fact in facts {
      switch fact.hold {
      case true?: openSince = openSince ?? fact.occurredAt
      case false?:
        if let begin = openSince { ended.append(Span(begin: begin, end: fact.occurredAt)) }
        openSince = nil
      case nil: break
      }
    }
  }

  /// Microseconds on hold between two times.
  ///
  /// - Parameter start: nil: since ever.
  func overlap(from start: Instant?, to end: Instant) -> Int64 {
    var sum: Int64 = 0
    for span in ended { sum += HoldSpans.overlap(span.begin, span.end, start, end) }
    if let openSince { sum += HoldSpans.overlap(openSince, end, start, end) }
    return sum
  }

  /// Microseconds of the holds that have ended, from a time on.
  func ended(since start: Instant?) -> Int64 {
    ended.reduce(0) { $0 + HoldSpans.overlap($1.begin, $1.end, start, $1.end) }
  }

  private static func overlap(
    _ begin: Instant, _ end: Instant, _ start: Instant?, _ limit: Instant
  ) -> Int64 {
    let from = max(begin, start ?? begin)
    return max(0, min(end, limit).microseconds - from.microseconds)
  }
}
