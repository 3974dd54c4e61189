import ArgumentParser

struct RestoreMarkCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore-mark",
    abstract: "Marks stage-service's database as restored from a backup.",
    discussion: """
      A restored database gives numbers again that were given to other events after the backup. With \
      the mark, new events carry a higher epoch, so that no reader takes them for those. Where the \
      history was loaded into another PostgreSQL cluster, the order of GET /v1/events is written anew.

      Run it once after each restore, while stage-service is stopped: it reads the epoch when it \
      starts. deploy/docs/restore.md has all the steps.

      Examples:
        sluice restore-mark
        sluice restore-mark --yes --format json

      Exit codes: 0 marked, 2 stage-service is connected or nobody agreed, 3 the database or Kafka \
      cannot be reached.
      """)

  @Flag(help: "Do not ask.")
  var yes = false

  @Flag(help: "Mark it although stage-service is connected; restart every replica afterwards.")
  var force = false

  @OptionGroup var output: FormatOption

  func run() async throws {
    let context = try OperatorContext.load()
    let log = LogReader(
      configuration: try context.kafkaConfiguration(), topicPrefix: try context.topicPrefix,
      logger: context.logger)
    try await context.withDatabase(schema: "stage_service") { stageService in
      let mark = RestoreMark(stageService: stageService)
      let connections = try await mark.connections()
      guard connections == 0 || force else {
        throw OperatorFailure.usage(
          "stage-service has \(connections) connections to this database: stop it first. Where they "
            + "are another installation's, go on with --force")
      }
      let published = try await PublishedEpoch.read(log)
      if !yes {
        try Confirmation.ask(
          "This database will be marked as restored from a backup.", to: "mark the database")
      }
      let report = try await mark.set(above: published)
      try output.show(report) { report.text() }
    }
  }
}
