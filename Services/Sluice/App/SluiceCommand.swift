import ArgumentParser

/// The operator's command line.
@main
struct SluiceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sluice",
    abstract: "Runs and checks an installation of Sluice.",
    discussion: """
      Where things are comes from the environment (KAFKA_BOOTSTRAP_SERVERS, SLUICE_DATABASE_URL, \
      SLUICE_STAGE_SERVICE_URL, SLUICE_TOKEN, …). What is not set there is taken from \
      .local/run.json of the working directory or a folder above it, which deploy/local/up writes.

      A first walk:
        sluice topics ensure
        sluice load demo
        sluice report funnel --pipeline software
        sluice verify

      Exit codes: 0 all is well, 1 differences or bad rows, 2 wrong usage, 3 something that is \
      needed cannot be reached.
      """,
    subcommands: [
      TopicsCommand.self, LagCommand.self, LagExporterCommand.self, OffsetsCommand.self,
      DeadLettersCommand.self, ImportCommand.self, ReportCommand.self, VerifyCommand.self,
      RebuildCommand.self, ReplayCommand.self,
      RestoreMarkCommand.self, TokenCommand.self, LoadCommand.self,
      WebhooksCommand.self, PeopleCommand.self,
    ])

  static func main() async {
    let status = await run(Array(CommandLine.arguments.dropFirst()))
    Console.exit(status)
  }

  /// Parses and runs; whatever goes wrong is on standard error when this returns.
  static func run(_ arguments: [String]) async -> ExitStatus {
    do {
      var command = try parseAsRoot(arguments)
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
      return .well
    } catch {
      return report(error)
    }
  }

  private static func report(_ error: any Error) -> ExitStatus {
    if let status = error as? ExitStatus { return status }
    if let failure = error as? any OperatorError {
      Console.printError("sluice: \(failure.explanation)")
      return failure.status
    }
    switch exitCode(for: error) {
    case .success:  // --help and the like
      Console.print(fullMessage(for: error))
      return .well
    case .validationFailure:
      Console.printError(fullMessage(for: error))
      return .usage
    default:
      Console.printError("sluice: \(OperatorFailure.describe(error))")
      return OperatorFailure.status(of: error)
    }
  }
}
