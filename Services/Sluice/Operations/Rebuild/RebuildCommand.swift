import ArgumentParser
import Contracts
import Dispatch
import Kafka
import Postgres

struct RebuildCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rebuild",
    abstract: "Computes the tables of a service anew from the events.",
    discussion: "Example: sluice rebuild forecasting",
    subcommands: [Forecasting.self, Status.self, Cancel.self])

  struct Forecasting: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fills a fresh set of forecasting's tables and switches to it.",
      discussion: """
        The running service does the work. The tables that serve go on serving, and follow the \
        events, until the new ones have caught up with them; then they are exchanged in one \
        transaction and the old ones dropped. A rebuild outlives crashes and restarts of the \
        service. One is under way at a time: asking again follows it.

        The events come from stage-changes.v1 or, where Kafka no longer holds all of them or a \
        backup was restored, from stage-service's history by way of a temporary topic (sluice \
        replay). Ctrl-C leaves the rebuild running.

        Examples:
          sluice rebuild forecasting
          sluice rebuild forecasting --from history
          sluice rebuild forecasting --no-wait && sluice rebuild status

        Exit codes: 0 rebuilt, 1 it failed or was called off, 2 the log cannot be used, 3 a \
        service, the database or Kafka cannot be reached.
        """)

    @Option(
      help: ArgumentHelp(
        "Where the events come from; without it the log where that will do.",
        valueName: "log|history"))
    var from: RebuildSource?

    @Flag(help: "Ask for it and do not wait for its end.")
    var noWait = false

    @OptionGroup var output: FormatOption

    func run() async throws {
      let context = try OperatorContext.load()
      try await context.withDatabase(schema: "forecasting") { forecasting in
        let table = RebuildTable(pool: forecasting)
        let status = try await RebuildCommand.ask(for: from, table, context)
        if noWait { return try output.show(status) { status.text() } }
        try await RebuildCommand.follow(status.id, table, output)
      }
    }
  }

  struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the rebuild that is under way, or else the latest.",
      discussion: """
        Examples:
          sluice rebuild status
          sluice rebuild status --format json
        """)

    @OptionGroup var output: FormatOption

    func run() async throws {
      let context = try OperatorContext.load()
      try await context.withDatabase(schema: "forecasting") { pool in
        guard let status = try await RebuildTable(pool: pool).latest() else {
          return Console.print("there has been no rebuild")
        }
        try output.show(status) { status.text() }
      }
    }
  }

  struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Calls off the rebuild that is under way; the tables that serve stay as they are.",
      discussion: """
        Example:
          sluice rebuild cancel
        """)

    func run() async throws {
      let context = try OperatorContext.load()
      try await context.withDatabase(schema: "forecasting") { pool in
        guard let id = try await RebuildTable(pool: pool).cancel() else {
          throw OperatorFailure.differences("there is no rebuild that could be called off")
        }
        Console.print("the rebuild \(id) is called off; forecasting clears what it had filled")
      }
    }
  }
}

extension RebuildCommand {
  /// The rebuild that is under way, or a new one.
  static func ask(
    for source: RebuildSource?, _ table: RebuildTable, _ context: OperatorContext
  ) async throws -> RebuildStatus {
    if let other = try await table.latest(), other.state.isUnderWay {
      Console.printError("a rebuild from the \(other.source) is under way already; this is it")
      return other
    }
    let prefix = try context.topicPrefix
    let id = EntityID.make(at: .now())
    let isMine = try await context.withDatabase(schema: "stage_service") { stageService in
      let fitness = try await context.withKafkaAdmin {
        try await LogFitness.look($0, topicPrefix: prefix, stageService: stageService)
      }
      guard try fitness.choose(source) == .history else {
        return try await table.request(id, replay: nil)
      }
      if source == nil, let objection = fitness.objection {
        Console.printError("\(objection); the history is taken")
      }
      let replay = try HistoryReplay(context, stageService: stageService)
      let report = try await replay.writeWithProgress(id: HistoryReplay.newID(now: .now()))
      let isMine = try await table.request(id, replay: report)
      if !isMine { _ = try? await replay.delete(id: report.id) }
      return isMine
    }
    if !isMine { Console.printError("somebody else asked for a rebuild meanwhile; this is it") }
    guard let status = isMine ? try await table.find(id) : try await table.latest() else {
      throw OperatorFailure.unavailable("the rebuild is gone from the table rebuilds")
    }
    return status
  }

  static func follow(
    _ id: EntityID, _ table: RebuildTable, _ output: FormatOption
  ) async throws {
    let interruption = Interruption.explain(
      "the rebuild goes on in forecasting; sluice rebuild status shows it, "
        + "sluice rebuild cancel calls it off")
    defer { interruption.cancel() }
    var display = RebuildDisplay()
    defer { display.finish() }
    let end = try await RebuildFollower(table: table, id: id).follow { display.show($0) }
    display.finish()
    try output.show(end) { end.text() }
    if end.state != .done { throw ExitStatus.differences }
  }
}
