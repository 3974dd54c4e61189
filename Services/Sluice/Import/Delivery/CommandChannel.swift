import Contracts

/// Where historical commands go in and what became of them comes out.
protocol CommandChannel: Sendable {
  /// Takes the place in the results from which to follow; before the first `send`.
  func open() async throws
  /// Returns once all of them are acknowledged; throws when one was not.
  func send(_ commands: [StageCommand]) async throws
  /// Whatever results arrive within `waiting`, those of other senders too.
  func results(waiting: Duration) async throws -> [CommandResult]
  func close() async
}
