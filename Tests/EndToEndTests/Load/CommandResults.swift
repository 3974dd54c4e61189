import Contracts
import Kafka
import TestSupport

extension Load {
  /// What became of every command that was sent, from `command-results.v1`. A result may stand there
  /// several times, but never with another outcome.
  func commandResults() async throws -> [EntityID: CommandResult] {
    let sent = Set(sender.commands.map(\.id))
    var results: [EntityID: CommandResult] = [:]
    try await eventually(within: .seconds(60), "every command has its result") {
      results = try Self.collect(await cluster.read(.commandResults))
      return sent.isSubset(of: results.keys)
    }
    return results
  }

  private static func collect(_ messages: [KafkaMessage]) throws -> [EntityID: CommandResult] {
    var results: [EntityID: CommandResult] = [:]
    for message in messages {
      guard case .payload(var result, _) = try CommandResult.read(message.wire) else { continue }
      result.duplicate = false
      if let before = results.updateValue(result, forKey: result.commandId) {
        try checkEqual(result, before, "the second result of command \(result.commandId)")
      }
    }
    return results
  }
}
