/// A condition did not come true in time.
package struct EventuallyTimeout: Error, CustomStringConvertible {
  package let description: String
}

/// Asks until `condition` holds; fails when it does not within a time that only bounds how long a
/// broken program is waited for.
///
/// An error of `condition` is thrown on at once.
package func eventually(
  within limit: Duration = .seconds(30), _ what: String,
  fileID: String = #fileID, line: Int = #line,
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  repeat {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(10))
  } while ContinuousClock.now < deadline
  if try await condition() { return }
  throw EventuallyTimeout(
    description: "not within \(limit): \(what) (\(fileID):\(line))")
}
