import Contracts

/// When a deal was on hold, second by second out of its events.
///
/// Shares no code with the projector on purpose: it is what the projector is checked against.
struct HoldWalk {
  private var spans: [(begin: Int64, end: Int64)] = []
  /// Of the hold that lasts.
  private(set) var openSince: Instant?

  init(_ events: [FeedEvent]) {
    for event in events {
      guard let hold = event.hold else { continue }
      if hold, openSince == nil { openSince = event.occurredAt }
      if !hold, let begin = openSince {
        spans.append((begin.microseconds, event.occurredAt.microseconds))
        openSince = nil
      }
    }
  }

  /// Microseconds on hold between two times; a start of nil is since ever.
  func held(from start: Instant?, to end: Instant) -> Int64 {
    let limit = end.microseconds
    let open = openSince.map { [($0.microseconds, limit)] } ?? []
    return (spans + open).reduce(0) { sum, span in
      sum + max(0, min(span.1, limit) - max(span.0, start?.microseconds ?? span.0))
    }
  }

  /// Microseconds of the holds that have ended, from a time on.
  func ended(since start: Instant?) -> Int64 {
    spans.reduce(0) { sum, span in
      sum + max(0, span.end - max(span.begin, start?.microseconds ?? span.begin))
    }
  }
}
