import ArgumentParser
import Contracts
import Kafka
import Logging
import ServiceKit

struct LagExporterCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lag-exporter",
    abstract: "Serves the lag of consumer groups to Prometheus.",
    discussion: """
      /metrics shows every group that reads a topic of this installation, also groups whose consumers \
      are all dead, by what they have committed to Kafka; --all-groups shows all groups and topics of \
      the cluster. The names are those of kafka_exporter (kafka_consumergroup_lag, …) and, in \
      seconds, of kafka-lag-exporter (kafka_consumergroup_group_lag_seconds, …).

      While Kafka cannot be asked, the lag is absent and sluice_lag_exporter_up is 0. /readyz says \
      whether the last poll worked. Only Kafka is asked; no database is needed.

      Runs until SIGTERM or Ctrl-C. One is enough for a cluster.

      Examples:
        sluice lag-exporter
        sluice lag-exporter --address 0.0.0.0:9308 --interval 15 --cluster-name production
      """)

  @Option(help: ArgumentHelp("Where to listen.", valueName: "host:port"))
  var address = "127.0.0.1:9308"

  @Option(help: ArgumentHelp("Seconds between two polls of the cluster.", valueName: "seconds"))
  var interval = 5.0

  @Flag(help: "Every group and topic of the cluster.")
  var allGroups = false

  @Option(help: "What the label cluster_name says; without it the cluster's id.")
  var clusterName: String?

  func validate() throws {
    guard ListenAddress(address) != nil else {
      throw ValidationError(
        "--address is \(address); it must be host:port, such as 127.0.0.1:9308")
    }
    guard (0.1...3_600).contains(interval) else {
      throw ValidationError("--interval is \(interval); it must be 0.1 to 3600 seconds")
    }
  }

  func run() async throws {
    guard let address = ListenAddress(address) else { return }
    let context = try OperatorContext.load()
    let prefix = try context.topicPrefix
    var logger = Logger(label: "sluice lag-exporter") {
      StreamLogHandler.standardError(label: $0)
    }
    logger.logLevel = .info
    try await context.withKafkaAdmin { admin in
      let query = ClusterLagQuery(
        admin: admin, topicPrefix: prefix, allGroups: allGroups, timeout: .seconds(5))
      let registry = PrometheusRegistry(seriesLimit: 500_000)
      let poller = LagPoller(
        interval: .seconds(interval), registry: registry, logger: logger
      ) { [clusterName] in
        LagSeries.samples(of: try await query.run(now: .now()), clusterName: clusterName)
      }
      let readiness = Readiness()
      let liveness = Liveness()
      poller.register(readiness: readiness, liveness: liveness)
      let server = AdminServer(
        address: address, readiness: readiness, liveness: liveness, registry: registry,
        logger: logger)
      try await runService(logger: logger, services: [poller, server], readiness: readiness)
    }
  }
}
