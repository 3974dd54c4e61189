import ArgumentParser
import Postgres

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Recomputes every figure from the events and compares it with what is served.",
    discussion: """
      The events come from stage-service's feed. They are compared with forecasting's tables \
      (applied_events, current_stage, visits, and the sums and lists made of them), read in one \
      snapshot; with what Kafka still holds of stage-changes.v1; and with the funnel that \
      forecasting answers. The recomputation shares no code with the projections.

      It may run at any time: events that are under way are waited for, up to --wait seconds.

      Examples:
        sluice verify
        sluice verify --wait 120 --format json

      Exit codes: 0 everything is equal, 1 there are differences, 3 a service, the database or \
      Kafka cannot be reached.
      """)

  @Option(
    help: ArgumentHelp(
      "How long the projections may take to catch up with the events.", valueName: "seconds"))
  var wait = 30

  @OptionGroup var output: FormatOption

  func validate() throws {
    guard (0...86_400).contains(wait) else {
      throw ValidationError("--wait is \(wait); it must be from 0 to 86400 seconds")
    }
  }

  func run() async throws {
    let context = try OperatorContext.load()
    let progress = VerifyProgress(isVisible: Console.isTerminal)
    let report: VerifyReport
    do {
      report = try await context.withDatabase(schema: "forecasting") { forecasting in
        try await context.withDatabase(schema: "stage_service") { stageService in
          try await verification(context, forecasting, stageService, progress).run()
        }
      }
    } catch {
      progress.clear()
      throw error
    }
    try output.show(report) { report.text() }
    if !report.isEqual { throw ExitStatus.differences }
  }

  private func verification(
    _ context: OperatorContext, _ forecasting: PostgresPool, _ stageService: PostgresPool,
    _ progress: VerifyProgress
  ) throws -> Verification {
    let funnel = FunnelCheck(try context.forecasting(), deadline: .now)
    return Verification(
      reader: FeedReader(try context.stageService()), forecasting: forecasting,
      stageService: stageService,
      log: LogReader(
        configuration: try context.kafkaConfiguration(), topicPrefix: try context.topicPrefix,
        logger: context.logger),
      funnel: funnel.answer, wait: .seconds(wait), progress: progress)
  }
}
