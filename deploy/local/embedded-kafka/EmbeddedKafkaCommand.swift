import ArgumentParser
import Dispatch
import Foundation
import Kafka

@main
struct EmbeddedKafkaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embedded-kafka",
    abstract: "Runs an in-memory Kafka for trying and testing; nothing survives its end.",
    discussion: """
      Prints one line of JSON, {"bootstrapServers":"127.0.0.1:PORT","clientSettings":{…}}, when it \
      is ready (clients with those librdkafka settings join and fetch faster), and runs until SIGTERM or SIGINT. SIGUSR1 makes the brokers unreachable, SIGUSR2 reachable again. \
      Each partition keeps 5 MiB and 100,000 messages. Topics can't be created from outside: name \
      them here.
      """)

  @Option(name: .customLong("topic"), help: "A topic to make; may be repeated.")
  var topics: [Topic] = []

  @Option(help: "The partitions of a topic given without a number.")
  var defaultPartitions = 12

  @Option(help: "The number of brokers.")
  var brokers = 1

  @Flag(help: "End when standard input ends, as it does when the parent process dies.")
  var exitWithParent = false

  func validate() throws {
    guard defaultPartitions > 0 else {
      throw ValidationError("--default-partitions must be at least 1.")
    }
    guard brokers > 0 else { throw ValidationError("--brokers must be at least 1.") }
  }

  func run() throws {
    let partitions = topics.map { ($0.name, $0.partitions ?? defaultPartitions) }
    let broker = try EmbeddedBroker(
      topics: Dictionary(partitions) { _, last in last }, brokers: brokers)
    let stop = DispatchSemaphore(value: 0)
    let sources = [
      onSignal(SIGTERM) { stop.signal() }, onSignal(SIGINT) { stop.signal() },
      onSignal(SIGUSR1) { broker.setReachable(false) },
      onSignal(SIGUSR2) { broker.setReachable(true) },
    ]
    if exitWithParent {
      Thread.detachNewThread {
        while !FileHandle.standardInput.availableData.isEmpty {}
        stop.signal()
      }
    }
    let ready = Announcement(
      bootstrapServers: broker.bootstrapServers, clientSettings: EmbeddedBroker.clientSettings)
    try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(ready) + [0x0A])
    stop.wait()
    for source in sources { source.cancel() }
    broker.stop()
  }
}

private struct Announcement: Encodable {
  let bootstrapServers: String
  let clientSettings: [String: String]
}

/// `NAME` or `NAME:PARTITIONS`.
struct Topic: ExpressibleByArgument {
  let name: String
  let partitions: Int?

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), !parts[0].isEmpty else { return nil }
    name = String(parts[0])
    guard parts.count == 2 else {
      partitions = nil
      return
    }
    guard let count = Int(parts[1]), count > 0 else { return nil }
    partitions = count
  }
}

private func onSignal(
  _ number: Int32, _ action: @escaping @Sendable () -> Void
) -> any DispatchSourceSignal {
  signal(number, SIG_IGN)
  let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
  source.setEventHandler(handler: action)
  source.resume()
  return source
}
