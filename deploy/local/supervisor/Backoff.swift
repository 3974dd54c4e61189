/// How long to wait before a dead process is started again: doubling from 0.2 s to 10 s, and from the
/// beginning for one that had lived long enough to count as well.
struct Backoff {
  private static let shortest = Duration.milliseconds(200)
  private static let longest = Duration.seconds(10)
  private static let wellAfter = Duration.seconds(30)

  private var next = Self.shortest

  /// The wait before the next start of a process that has lived for `lifetime`.
  mutating func delay(after lifetime: Duration) -> Duration {
    if lifetime >= Self.wellAfter { next = Self.shortest }
    defer { next = min(next * 2, Self.longest) }
    return next
  }
}
