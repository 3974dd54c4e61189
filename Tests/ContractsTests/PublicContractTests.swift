import Contracts
import Testing

/// The public contract of the topics says what the code does.
@Suite struct PublicContractTests {
  /// On the dead letters' topic; nothing of `Contracts` reads them.
  private static let deadLetters = [
    "sluice.dead-letter-redriven.v1", "sluice.message-dead-lettered.v1",
  ]
  private let contract: PublicContract

  init() throws { contract = try PublicContract() }

  @Test func itHasEveryMessageAndNoOther() {
    #expect(contract.messages.keys.sorted() == (Golden.types + Self.deadLetters).sorted())
    for (type, message) in contract.messages {
      #expect(message["name"] == .string(type))
      #expect(
        message[["headers", "properties", "ce_type", "const"]] == .string(type), "header of \(type)"
      )
    }
  }

  @Test(arguments: Golden.types)
  func itsExampleIsTheGoldenOne(_ type: String) throws {
    #expect(
      contract.messages[type]?[["examples", "0", "payload"]] == (try Golden.example(type)))
  }

  @Test func itsTopicsAreThoseWithMessagesAsTheyAreMade() throws {
    let replay = Topic.stageChangesReplay("{replay}")
    let topics = Topic.all.filter { $0 != .audit } + [replay]
    #expect(contract.channels.keys.sorted() == topics.map(\.name).sorted())
    for topic in topics {
      let settings = try #require(contract.channels[topic.name]?[["bindings", "kafka"]])
      #expect(settings["partitions"] == .integer(Int64(topic.partitions)), "\(topic.name)")
      #expect(
        settings[["topicConfiguration", "cleanup.policy", "0"]]
          == .string(topic.isCompacted ? "compact" : "delete"), "\(topic.name)")
      #expect(
        settings[["topicConfiguration", "retention.ms"]]
          == .integer(topic.retentionMilliseconds ?? -1), "\(topic.name)")
    }
  }

  @Test func itPutsEachMessageOnItsTopic() {
    let events = StageEventType.allCases.map(\.rawValue)
    let commands = StageCommandType.allCases.map(\.rawValue)
    let expected: [Topic: [String]] = [
      .activities: [ObservedActivity.type], .stageCommands: commands, .importCommands: commands,
      .commandResults: [CommandResult.type], .stageChanges: events,
      .stageChangesReplay("{replay}"): events, .pipelines: [PublishedPipeline.type],
      .directory: DirectoryEntry.types, .notices: NoticeType.allCases.map(\.rawValue),
      .deadLetters: Self.deadLetters,
    ]
    for (topic, types) in expected {
      guard case .object(let messages) = contract.channels[topic.name]?["messages"] else {
        Issue.record("\(topic.name) has no messages")
        continue
      }
      #expect(messages.keys.sorted() == types.sorted(), "\(topic.name)")
    }
  }

  /// Members that no reader needs to decode a message, but that every message of the type has.
  private static let promised: [String: Set<String>] = {
    let move: Set = ["from", "to", "fromCategory", "toCategory", "fromPosition", "toPosition"]
    return [
      StageEventType.created.rawValue: ["to", "toCategory", "toPosition"],
      StageEventType.moved.rawValue: move,
      StageEventType.moveReverted.rawValue: move.union(["reverted"]),
      StageEventType.activityRecorded.rawValue: ["activity"],
      StageEventType.merged.rawValue: ["merged"],
      StageEventType.erased.rawValue: ["erased"],
      NoticeType.reviewRequested.rawValue: ["proposalId", "to", "evidence"],
      NoticeType.followUpMissed.rawValue: ["dueAt"],
    ]
  }()

  /// Required is what cannot be read without, and what is written even where it was not read.
  @Test(arguments: Golden.types)
  func itRequiresWhatTheCodeRequires(_ type: String) throws {
    let payload = try #require(contract.messages[type]?["payload"])
    let example = try Golden.example(type)
    try check(
      contract.shape(payload), at: [], of: example, type, promised: Self.promised[type] ?? [])
  }

  private func check(
    _ shape: PublicContract.Shape, at path: [String], of example: JSONValue, _ type: String,
    promised: Set<String> = []
  ) throws {
    switch example[path] {
    case .object(let members) where !shape.properties.isEmpty:
      let place = "\(type) /\(path.joined(separator: "/"))"
      #expect(
        Set(members.keys).subtracting(shape.properties.keys) == [], "not described: \(place)")
      if !shape.isChoice {
        let needed = members.keys.filter { isNeeded(path + [$0], of: example, type) }
        #expect(shape.required == Set(needed).union(promised), "\(place)")
      }
      for name in members.keys {
        guard let property = shape.properties[name] else { continue }
        try check(contract.shape(property), at: path + [name], of: example, type)
      }
    case .array(let items):
      guard let item = shape.items else { return }
      for index in items.indices {
        try check(contract.shape(item), at: path + ["\(index)"], of: example, type)
      }
    default: break
    }
  }

  private func isNeeded(_ path: [String], of example: JSONValue, _ type: String) -> Bool {
    guard let written = try? Golden.rewritten(type, example.removing(path[...])) else {
      return true
    }
    return written[path] != nil
  }
}
