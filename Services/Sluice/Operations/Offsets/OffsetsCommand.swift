import ArgumentParser
import Contracts
import Foundation
import Kafka

struct OffsetsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "offsets",
    abstract: "Shows and sets the offsets from which the services read.",
    discussion: "Example: sluice offsets show --group sluice-forecasting",
    subcommands: [Show.self, Set.self], defaultSubcommand: Show.self)

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the offsets that the services store in PostgreSQL.",
      discussion: """
        They are kept by cluster, so that rows of a cluster that is gone may be among them.

        Example:
          sluice offsets show --group forecasting
        """)

    @Option(help: "One group, in full or by its service, such as forecasting.")
    var group: String?

    @OptionGroup var output: FormatOption

    private struct Report: Encodable {
      var clusterId: String
      var offsets: [OffsetTable.Row]
    }

    func run() async throws {
      let context = try OperatorContext.load()
      let groups = try ReaderGroup.find(group, topicPrefix: try context.topicPrefix)
      var report = Report(
        clusterId: try await context.withKafkaAdmin { try await $0.clusterID() }, offsets: [])
      for one in groups {
        do {
          report.offsets += try await context.withDatabase(schema: one.schema) { pool in
            try await OffsetTable(pool: pool).rows(of: one.name)
          }
        } catch let missing as MissingTables {
          // Not every service need have run; the one that was asked for must have.
          if group != nil { throw missing }
        }
      }
      try output.show(report) { text(report) }
    }

    private func text(_ report: Report) -> String {
      var table = TextTable([
        .left("group"), .left("topic"), .right("partition"), .right("next offset"),
        .left("last event"), .left("updated"), .left("cluster"),
      ])
      for row in report.offsets {
        table.add(
          row.group, row.topic, String(row.partition), String(row.nextOffset),
          row.lastEventId ?? "-", row.updatedAt.description,
          row.clusterId == report.clusterId ? "this one" : "another: \(row.clusterId)")
      }
      return table.render()
    }
  }

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sets the offset from which a service reads one partition.",
      discussion: """
        Going back is harmless: what was processed is recognised and dropped. Going forward leaves \
        messages out, and sluice verify will show them as missing.

        The row is written without the identity of its last event, so that the service does not \
        check it. Replicas that are running find that the offset is no longer theirs, give the \
        batch under way up, and read on from the new one.

        Examples:
          sluice offsets set --group forecasting --topic stage-changes.v1 --partition 3 \\
            --offset beginning
          sluice offsets set --group forecasting --topic stage-changes.v1 --partition 3 \\
            --offset 4711 --yes
        """)

    @Option(help: "The group, in full or by its service, such as forecasting.")
    var group: String

    @Option(help: "The topic, with or without the installation's prefix.")
    var topic: String

    @Option(help: "The partition, from 0.")
    var partition: Int32

    @Option(
      help: ArgumentHelp(
        "The next offset to process, beginning or end.", valueName: "n|beginning|end"))
    var offset: OffsetTarget

    @Flag(help: "Write an offset that the log does not hold.")
    var force = false

    @Flag(help: "Do not ask.")
    var yes = false

    func run() async throws {
      let context = try OperatorContext.load()
      let prefix = try context.topicPrefix
      guard let group = try ReaderGroup.find(group, topicPrefix: prefix).first else { return }
      let source = TopicPartition(topic: try name(in: group, prefix: prefix), partition: partition)
      let (cluster, log) = try await context.withKafkaAdmin { admin in
        try await (admin.clusterID(), OffsetsCommand.watermarks(of: source, admin))
      }
      let target = try offset.resolve(in: log, forced: force)
      try confirm(group.name, source, target, log)
      let before = try await context.withDatabase(schema: group.schema) { pool in
        try await OffsetTable(pool: pool).set(source, to: target, group: group.name, on: cluster)
      }
      Console.print(
        "\(group.name) reads \(source) from offset \(target) now; it was "
          + (before.map(String.init) ?? "not set")
          + ". Replicas that are running notice it with their next batch, or within a second where "
          + "the partition had stopped.")
    }

    private func name(in group: ReaderGroup, prefix: String) throws -> String {
      let names = group.topics.map { $0.name(prefix: prefix) }
      guard let name = names.first(where: { $0 == topic || $0 == prefix + topic }) else {
        throw OperatorFailure.usage(
          "\(group.name) does not read \(topic); it reads \(names.joined(separator: ", "))")
      }
      return name
    }

    private func confirm(
      _ group: String, _ source: TopicPartition, _ target: Int64, _ log: Watermarks
    ) throws {
      guard !yes else { return }
      guard isatty(STDIN_FILENO) == 1 else {
        throw OperatorFailure.usage("nobody can be asked here; add --yes to set the offset")
      }
      Console.draw(
        "\(group) will read \(source) from offset \(target); the log holds \(log.low) to "
          + "\(log.high). Go on? [y/N] ")
      guard readLine()?.lowercased() == "y" else { throw ExitStatus.usage }
    }
  }

  fileprivate static func watermarks(
    of source: TopicPartition, _ admin: KafkaAdmin
  ) async throws -> Watermarks {
    let count = try await admin.metadata()[source.topic]?.partitions ?? 0
    guard (0..<Int32(count)).contains(source.partition) else {
      throw OperatorFailure.usage(
        count == 0
          ? "Kafka has no topic \(source.topic)"
          : "\(source.topic) has the partitions 0 to \(count - 1), not \(source.partition)")
    }
    guard let log = try await admin.watermarks(of: [source])[source] else {
      throw OperatorFailure.unavailable("Kafka does not tell what \(source) holds")
    }
    return log
  }
}
