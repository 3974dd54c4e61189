import Contracts

/// What an attempt came to.
enum AttemptOutcome: Hashable, Sendable {
  /// - Parameter excerpt: the beginning of the answer's body.
  case answered(status: Int, retryAfter: String?, location: String?, excerpt: String)
  /// No answer, and why.
  case failed(String)

  var status: Int? {
    if case .answered(let status, _, _, _) = self { status } else { nil }
  }

  var excerpt: String? {
    if case .answered(_, _, _, let excerpt) = self { excerpt } else { nil }
  }

  /// In words for the delivery log; nil for a success.
  var error: String? {
    switch self {
    case .failed(let reason): reason
    case .answered(200..<300, _, _, _): nil
    case .answered(let status, _, let location, _) where (300..<400).contains(status):
      "answered \(status)\(location.map { " to \($0)" } ?? ""); redirects are not followed"
    case .answered(let status, _, _, _): "answered \(status)"
    }
  }
}

/// What follows from an attempt.
enum Verdict: Hashable, Sendable {
  case delivered
  /// - Parameter quietUntil: nothing may be sent to the endpoint before.
  case retry(at: Instant, quietUntil: Instant?)
  /// No attempt is left. The endpoint's wish for quiet counts nevertheless.
  case failed(quietUntil: Instant?)
  /// The endpoint wants nothing any more.
  case gone

  /// - Parameters:
  ///   - failures: attempts that had failed before this one.
  ///   - random: from -1 to 1.
  static func of(
    _ outcome: AttemptOutcome, failures: Int, now: Instant, random: Double
  ) -> Verdict {
    guard outcome.error != nil else { return .delivered }
    if outcome.status == 410 { return .gone }
    let quiet = quietUntil(outcome, now)
    guard let wait = RetrySchedule.wait(afterFailures: failures + 1, random: random) else {
      return .failed(quietUntil: quiet)
    }
    // What the endpoint asks for makes no attempt come earlier: there are only so many.
    let next = now.adding(seconds: wait)
    return .retry(at: max(quiet ?? next, next), quietUntil: quiet)
  }

  /// Nothing more is tried.
  var isFinal: Bool { if case .failed = self { true } else { false } }

  private static func quietUntil(_ outcome: AttemptOutcome, _ now: Instant) -> Instant? {
    guard case .answered(let status, let header?, _, _) = outcome, [429, 503].contains(status)
    else { return nil }
    return RetryAfter.seconds(header, now: now).map { now.adding(seconds: $0) }
  }
}

/// How long an endpoint may fail without one success before it is called no more.
enum Endurance {
  static let days: Double = 5

  static func isOver(failingSince: Instant, now: Instant) -> Bool {
    now.days(since: failingSince) >= days
  }
}
