import ArgumentParser
import Contracts

struct LagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lag",
    abstract: "Shows how far each consumer group is behind, in messages and in seconds.",
    discussion: """
      What counts is the offset that the service stores in PostgreSQL together with the effect; the \
      one committed to Kafka follows it. The age is that of the next message to process. Where \
      nothing is stored yet, a group begins at the oldest message.

      Examples:
        sluice lag
        sluice lag --group forecasting --format json
      """)

  @Option(help: "One group, in full or by its service, such as forecasting.")
  var group: String?

  @OptionGroup var output: FormatOption

  func run() async throws {
    let context = try OperatorContext.load()
    let prefix = try context.topicPrefix
    let groups = try ReaderGroup.find(group, topicPrefix: prefix)
    let report = try await context.withKafkaAdmin { admin in
      let query = LagQuery(admin: admin, topicPrefix: prefix) { group, cluster in
        try await context.withDatabase(schema: group.schema) { pool in
          try await OffsetTable(pool: pool).positions(of: group.name, on: cluster)
        }
      }
      return try await query.run(groups, now: .now())
    }
    try output.show(report) { report.text() }
  }
}
