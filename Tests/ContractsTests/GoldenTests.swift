import Contracts
import Foundation
import Testing

/// The golden examples: each message type's data as other programs write and read it.
@Suite struct GoldenTests {
  private static let folder = "Tests/Fixtures/contracts"
  private static let types =
    StageEventType.allCases.map(\.rawValue) + StageCommandType.allCases.map(\.rawValue)
    + [CommandResult.type, PublishedPipeline.type]

  @Test func thereIsOneForEveryType() throws {
    #expect(try Repository.files(in: Self.folder) == Self.types.map { "\($0).json" }.sorted())
  }

  @Test(arguments: types)
  func isReadAndWrittenAgain(_ type: String) throws {
    let text = try Repository.text("\(Self.folder)/\(type).json")
    let golden = try decode(JSONValue.self, text)
    let written =
      if StageEventType(rawValue: type) != nil {
        try again(StageEvent.self, type, text)
      } else if StageCommandType(rawValue: type) != nil {
        try again(StageCommand.self, type, text)
      } else if type == CommandResult.type {
        try again(CommandResult.self, type, text)
      } else {
        try again(PublishedPipeline.self, type, text)
      }
    #expect(try JSONCoding.decode(JSONValue.self, from: written) == golden)
  }

  private func again<Payload: TopicPayload>(
    _: Payload.Type, _ type: String, _ text: String
  ) throws -> [UInt8] {
    let golden = try decode(JSONValue.self, text)
    guard case .object(let members) = golden else { return [] }
    // A command's identity is its event's, too.
    var id = "01936f3e-7c00-7000-8000-0000000000ee"
    if case .string(let command) = members["commandId"] { id = command }
    let wire = CloudEvent(id: id, source: "golden", type: type)
      .binary(key: "k", data: Array(text.utf8))
    guard case .payload(let payload, _) = try Payload.read(wire) else {
      Issue.record("\(type) was not read")
      return []
    }
    #expect(payload.messageType == type)
    return try payload.messageData()
  }

  @Test func thePublicContractNamesEverything() throws {
    let lines = try Repository.text("Shared/Contracts/asyncapi.yaml").split(separator: "\n")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    for type in Self.types + ["sluice.message-dead-lettered.v1"] {
      #expect(lines.contains("\(type):"), "the message \(type)")
      #expect(lines.contains("const: \(type)"), "the header of \(type)")
    }
    let topics: [Topic] = [
      .stageCommands, .importCommands, .commandResults, .stageChanges, .pipelines, .deadLetters,
    ]
    for topic in topics {
      #expect(lines.contains("address: '{prefix}\(topic.name)'"), "the topic \(topic.name)")
    }
  }
}
