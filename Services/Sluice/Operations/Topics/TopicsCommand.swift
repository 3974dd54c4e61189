import ArgumentParser
import Kafka

struct TopicsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "topics", abstract: "Makes and checks the topics that Sluice needs.",
    discussion: "Example: sluice topics ensure --dry-run",
    subcommands: [Ensure.self], defaultSubcommand: Ensure.self)

  struct Ensure: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "ensure",
      abstract: "Creates the topics that are missing and says how the others differ.",
      discussion: """
        Topics that are there are left as they are unless you ask: --fix sets their settings, \
        --add-partitions adds partitions. With more partitions a key maps to another one than \
        before, so the order of its messages is only kept if every group has read everything \
        first (sluice lag). Doing it again changes nothing.

        Examples:
          sluice topics ensure --dry-run
          sluice topics ensure --replication-factor 3
          sluice topics ensure --fix

        Exit codes: 0 all topics are as they should be, 1 something differs or is missing, 3 Kafka \
        cannot be reached.
        """)

    @Option(
      help: ArgumentHelp(
        "Copies of each message; without it three, or as many as there are brokers.",
        valueName: "n"))
    var replicationFactor: Int?

    @Flag(help: "Show what would be done, change nothing.")
    var dryRun = false

    @Flag(help: "Set the settings that differ.")
    var fix = false

    @Flag(help: "Add the partitions that are missing; keys move.")
    var addPartitions = false

    @OptionGroup var output: FormatOption

    func validate() throws {
      if let replicationFactor, !(1...32_767).contains(replicationFactor) {
        throw ValidationError(
          "--replication-factor is \(replicationFactor); it must be at least 1")
      }
    }

    func run() async throws {
      let context = try OperatorContext.load()
      let prefix = try context.topicPrefix
      let report = try await context.withKafkaAdmin { admin in
        try await TopicsEnsure(
          admin: admin, prefix: prefix, replication: replicationFactor, isDryRun: dryRun,
          fixes: fix, addsPartitions: addPartitions
        ).run()
      }
      try output.show(report) { report.text() }
      if !report.isWell { throw ExitStatus.differences }
    }
  }
}
