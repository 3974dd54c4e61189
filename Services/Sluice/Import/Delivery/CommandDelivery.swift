import Contracts

/// What became of the commands of an import.
struct DeliveryOutcome: Hashable, Codable, Sendable {
  var accepted = 0
  /// Handled at an earlier import; nothing changed.
  var alreadyThere = 0
  /// Accepted although the gate would have refused: the reasons are the event's `violations`.
  var withViolations = 0
  var refused: [Refusal] = []

  struct Refusal: Hashable, Codable, Sendable {
    var commandId: EntityID
    var opportunityId: EntityID
    /// The external id where it is known.
    var reasons: [String]
  }

  var changedNothing: Bool { accepted == 0 && refused.isEmpty }

  mutating func count(_ result: CommandResult) {
    switch result.outcome {
    case .refused:
      refused.append(
        .init(
          commandId: result.commandId, opportunityId: result.opportunityId,
          reasons: result.errors.map { "\($0.code): \($0.message.en)" }))
    case .accepted:
      if result.duplicate { alreadyThere += 1 } else { accepted += 1 }
      if !result.errors.isEmpty { withViolations += 1 }
    }
  }
}

/// Sends commands and follows their results, with a bounded number of commands under way.
///
/// The embedded broker keeps 100,000 messages per partition only, so a sender that ran ahead of the
/// results could lose them.
struct CommandDelivery: Sendable {
  let channel: any CommandChannel
  var batch = 2_000
  var window = 20_000
  /// How long to wait without any progress.
  var patience = Duration.seconds(60)

  /// - Returns: what became of each command.
  /// - Throws: an unavailable ``OperatorFailure`` when results stay away. Repeating is safe.
  func deliver(
    _ commands: [StageCommand], progress: (Int) -> Void = { _ in }
  ) async throws -> DeliveryOutcome {
    guard !commands.isEmpty else { return DeliveryOutcome() }
    do {
      try await channel.open()
      let outcome = try await run(commands, progress)
      await channel.close()
      return outcome
    } catch {
      await channel.close()
      throw error
    }
  }

  private func run(
    _ commands: [StageCommand], _ progress: (Int) -> Void
  ) async throws -> DeliveryOutcome {
    let clock = ContinuousClock()
    var outcome = DeliveryOutcome()
    var awaited: Set<EntityID> = []
    var sent = 0
    var done = 0
    var deadline = clock.now + patience
    while done < commands.count {
      while sent < commands.count, awaited.count + batch <= max(window, batch) {
        let next = commands[sent..<min(sent + batch, commands.count)]
        awaited.formUnion(next.map(\.id))
        try await channel.send(Array(next))
        sent += next.count
        deadline = clock.now + patience
      }
      for result in try await channel.results(waiting: .milliseconds(100))
      where awaited.remove(result.commandId) != nil {
        outcome.count(result)
        done += 1
        deadline = clock.now + patience
      }
      progress(done)
      if done < commands.count, clock.now >= deadline {
        throw OperatorFailure.unavailable(
          "\(awaited.count) of \(sent) commands sent have no result yet, and none came for "
            + "\(patience / .seconds(1)) s: is stage-service running? Repeating this command is "
            + "safe, what was handled is not done again")
      }
    }
    return outcome
  }
}
