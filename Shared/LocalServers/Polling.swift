/// Asks `condition` until it gives a value or `timeout` has passed; nil then.
///
/// For what another process does and nothing notifies us of.
package func poll<Value: Sendable>(
  timeout: Duration, every interval: Duration = .milliseconds(20),
  isolation: isolated (any Actor)? = #isolation,
  _ condition: () async throws -> Value?
) async throws -> Value? {
  let deadline = ContinuousClock.now.advanced(by: timeout)
  while true {
    if let value = try await condition() { return value }
    if ContinuousClock.now >= deadline { return nil }
    try await Task.sleep(for: interval)
  }
}
