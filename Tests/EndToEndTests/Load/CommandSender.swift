import Contracts
import Kafka
import Synchronization
import TestSupport

/// activity-ingest's part: sends commands over Kafka, for deals of its own and for those of people.
final class CommandSender: Sendable {
  private let cluster: Cluster
  private let ledger: Ledger
  private let seed: UInt64
  private let sent = Mutex<[StageCommand]>([])

  init(_ cluster: Cluster, _ ledger: Ledger, seed: UInt64) {
    self.cluster = cluster
    self.ledger = ledger
    self.seed = seed
  }

  /// What the broker has acknowledged, in the order of sending.
  var commands: [StageCommand] { sent.withLock { $0 } }

  /// Sends until `isStopped`, one deal after the other.
  func run(until isStopped: () -> Bool) async throws {
    let producer = try KafkaProducer(cluster.kafkaConfiguration, logger: quietLogger)
    do {
      var generator = Generator(seed: seed)
      while !isStopped() {
        try await send(script(using: &generator), with: producer)
        try await Task.sleep(for: .milliseconds(20))
      }
    } catch {
      await producer.close(within: .seconds(2))
      throw error
    }
    await producer.close(within: .seconds(5))
  }

  private func send(_ commands: [StageCommand], with producer: KafkaProducer) async throws {
    let topic = cluster.topic(.stageCommands)
    let records = try commands.map {
      KafkaRecord(topic: topic, try $0.wireMessage(source: "/end-to-end"))
    }
    for result in await producer.send(records) { _ = try result.get() }
    sent.withLock { $0 += commands }
  }

  /// A new deal that comes some way, with a move that the gate refuses, and a note on another deal.
  private func script(using generator: inout Generator) -> [StageCommand] {
    let deal = EntityID.v7(at: .now(), entropy: (generator.next(), generator.next()))
    var commands: [StageCommand] = []
    func add(_ id: EntityID, _ makeAction: (String) -> StageCommand.Action) {
      let command = EntityID.v7(at: .now(), entropy: (generator.next(), generator.next()))
      let tag = "command-\(command)"
      commands.append(
        StageCommand(id: command, opportunityId: id, cause: tag, action: makeAction(tag)))
    }
    var walk = DealWalk()
    for stage in [nil, "initial-contact", "needs-analysis", "proposal"] {
      walk.stage = stage
      add(deal) { walk.next(tag: $0, using: &generator) }
    }
    add(deal) { .move(.init(to: "follow-up", reason: $0)) }
    if let other = ledger.deals.randomElement(using: &generator) {
      add(other) { .update(OpportunityPatch(fields: ["seen": .string($0)], reason: $0)) }
    }
    return commands
  }
}
