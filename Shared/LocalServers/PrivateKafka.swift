import Foundation
import Glibc
package import Logging
import Synchronization

/// A single-node Apache Kafka of our own (KRaft, broker and controller in one process) on free ports
/// of 127.0.0.1.
///
/// It ends with this process, however this process ends. `stop`, `restart` and `kill9` are for one
/// caller at a time.
package final class PrivateKafka: Sendable {
  /// `127.0.0.1:PORT`; a restart keeps it.
  package let bootstrapServers: String
  /// The broker's output.
  package let logPath: String

  private let command: ChildProcess.Command
  private let directory: String
  private let isTemporary: Bool
  private let logger: Logger
  private let broker: Mutex<ChildProcess>

  package var processID: Int32 { broker.withLock { $0.processID } }
  package var identity: ProcessIdentity { broker.withLock { $0.identity } }
  package var isRunning: Bool { broker.withLock { $0.isRunning } }

  /// Starts a broker and returns when it serves.
  ///
  /// - Parameter dataDirectory: where the data lives and stays; nil takes a temporary folder, which
  ///   `stop` removes.
  package static func start(
    _ installation: KafkaInstallation, dataDirectory: String? = nil, logger: Logger
  ) async throws -> PrivateKafka {
    let directory: String
    if let dataDirectory {
      directory = absolutePath(dataDirectory)
      try FileManager.default.createDirectory(
        atPath: directory, withIntermediateDirectories: true)
    } else {
      directory = try await makeTemporaryDirectory(prefix: "sluice-kafka")
    }
    do {
      return try await PrivateKafka(
        installation, directory: directory, isTemporary: dataDirectory == nil, logger: logger)
    } catch {
      if dataDirectory == nil { try? FileManager.default.removeItem(atPath: directory) }
      throw error
    }
  }

  private init(
    _ installation: KafkaInstallation, directory: String, isTemporary: Bool, logger: Logger
  ) async throws {
    self.directory = directory
    self.isTemporary = isTemporary
    self.logger = logger
    logPath = "\(directory)/broker.log"
    let brokerPort = try LoopbackPort.free()
    let controllerPort = try LoopbackPort.free()
    bootstrapServers = "127.0.0.1:\(brokerPort)"
    let properties = "\(directory)/server.properties"
    try Self.properties(
      directory: directory, brokerPort: brokerPort, controllerPort: controllerPort
    ).write(toFile: properties, atomically: true, encoding: .utf8)

    var environment = ProcessInfo.processInfo.environment
    environment["KAFKA_HEAP_OPTS"] = "-Xms256m -Xmx768m"
    // Such a broker seldom lives for long: the second compiler would take more of the processor than
    // it gives back.
    environment["KAFKA_JVM_PERFORMANCE_OPTS"] =
      environment["KAFKA_JVM_PERFORMANCE_OPTS"]
      ?? "-server -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Djava.awt.headless=true"
    environment["LOG_DIR"] = "\(directory)/logs"
    if !FileManager.default.fileExists(atPath: "\(directory)/data/meta.properties") {
      try await installation.format(properties: properties, environment: environment)
    }
    command = ChildProcess.Command(
      executable: installation.startScript, arguments: [properties], environment: environment,
      workingDirectory: directory, logPath: logPath)
    broker = Mutex(try await Self.launch(command))
    logger.info("Kafka is up", metadata: ["bootstrapServers": "\(bootstrapServers)"])
  }

  /// Ends the broker in its orderly way.
  package func stop() async {
    _ = try? await current.terminate(grace: .seconds(20))
    if isTemporary { try? FileManager.default.removeItem(atPath: directory) }
    logger.info("Kafka has stopped", metadata: ["bootstrapServers": "\(bootstrapServers)"])
  }

  /// Ends the broker, where it still runs, and starts it again on the same port with the same data.
  package func restart() async throws {
    try await current.terminate(grace: .seconds(20))
    let next = try await Self.launch(command)
    broker.withLock { $0 = next }
    logger.info("Kafka is up again", metadata: ["bootstrapServers": "\(bootstrapServers)"])
  }

  /// What a power cut does to it. `restart` brings it back.
  package func kill9() async throws {
    current.signal(SIGKILL)
    try await current.wait()
  }

  /// Returns when the broker that runs now has ended.
  package func wait() async throws -> ProcessTermination {
    try await current.wait()
  }

  private var current: ChildProcess { broker.withLock { $0 } }

  private static func launch(_ command: ChildProcess.Command) async throws -> ChildProcess {
    let broker = try await ChildProcess(command)
    do {
      // The broker's own word for it, after it has registered and opened its listeners.
      _ = try await broker.logLine(timeout: .seconds(120)) { $0.contains("Kafka Server started") }
      return broker
    } catch {
      _ = try? await broker.terminate()
      throw error
    }
  }

  /// The voters are named in the file, not in the log, so that the ports may change between runs.
  static func properties(directory: String, brokerPort: Int, controllerPort: Int) -> String {
    """
    process.roles=broker,controller
    node.id=1
    controller.quorum.voters=1@127.0.0.1:\(controllerPort)
    listeners=PLAINTEXT://127.0.0.1:\(brokerPort),CONTROLLER://127.0.0.1:\(controllerPort)
    advertised.listeners=PLAINTEXT://127.0.0.1:\(brokerPort)
    inter.broker.listener.name=PLAINTEXT
    controller.listener.names=CONTROLLER
    listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
    log.dirs=\(directory)/data
    num.partitions=12
    auto.create.topics.enable=false
    offsets.topic.replication.factor=1
    offsets.topic.num.partitions=12
    transaction.state.log.replication.factor=1
    transaction.state.log.min.isr=1
    transaction.state.log.num.partitions=12
    group.initial.rebalance.delay.ms=0

    """
  }
}
