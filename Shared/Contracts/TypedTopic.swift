import Foundation

/// What travels on a topic: the payload type, how it is keyed and how its events are named.
package protocol TopicPayload: Sendable {
  static var topic: Topic { get }
  /// The Kafka key, which is also the CloudEvents subject.
  var messageKey: String { get }
  var messageID: String { get }
  var messageType: String { get }
  var messageTime: Instant? { get }
  func messageData() throws -> [UInt8]
  /// Nil when the type is not one that this payload knows.
  static func decode(_ event: CloudEvent, data: [UInt8]) throws -> Self?
}

/// What a message turned out to be.
package enum Decoded<Payload: TopicPayload>: Sendable {
  case payload(Payload, CloudEvent)
  case tombstone
  case unknownType(String)
}

extension TopicPayload {
  /// Binary mode, as everything that we write.
  package func wireMessage(
    source: String, traceparent: String? = nil, tracestate: String? = nil
  ) throws -> WireMessage {
    CloudEvent(
      id: messageID, source: source, type: messageType, subject: messageKey, time: messageTime,
      traceparent: traceparent, tracestate: tracestate
    ).binary(key: messageKey, data: try messageData())
  }

  package static func read(_ message: WireMessage) throws(MessageFailure) -> Decoded<Self> {
    guard let (event, data) = try CloudEvent.decode(message) else { return .tombstone }
    do {
      guard let payload = try decode(event, data: data) else { return .unknownType(event.type) }
      return .payload(payload, event)
    } catch let failure as MessageFailure {
      throw failure
    } catch {
      throw MessageFailure(.invalidData, "\(event.type): \(JSONCoding.explain(error))")
    }
  }
}

extension StageEvent: TopicPayload {
  package static var topic: Topic { .stageChanges }
  package var messageKey: String { data.opportunityId.description }
  package var messageID: String { id.description }
  package var messageType: String { type.rawValue }
  package var messageTime: Instant? { data.occurredAt }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(data) }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> StageEvent? {
    guard let type = StageEventType(rawValue: event.type) else { return nil }
    guard let id = EntityID(event.id) else {
      throw MessageFailure(.invalidEnvelope, "the event id \(event.id) is not a UUID")
    }
    let read =
      try StageEventData(scanning: data)
      ?? JSONCoding.decode(StageEventData.self, from: data)
    return StageEvent(id: id, type: type, data: read)
  }
}

extension StageCommand: TopicPayload {
  /// Import commands have the same form on their own topic.
  package static var topic: Topic { .stageCommands }
  package var messageKey: String { opportunityId.description }
  package var messageID: String { id.description }
  package var messageType: String { type.rawValue }
  package var messageTime: Instant? { occurredAt }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(StageCommandData(self)) }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> StageCommand? {
    guard let type = StageCommandType(rawValue: event.type) else { return nil }
    let decoder = JSONDecoder()
    decoder.userInfo = [.commandType: type]
    let command = try decoder.decode(TypedCommand.self, from: Data(data)).command
    guard command.id.description == event.id.lowercased() else {
      throw MessageFailure(
        .invalidData, "commandId \(command.id) differs from the event id \(event.id)")
    }
    return command
  }

  private struct TypedCommand: Decodable {
    var command: StageCommand

    init(from decoder: any Decoder) throws {
      guard let type = decoder.userInfo[.commandType] as? StageCommandType else {
        throw MessageFailure(.invalidData, "the command's type is not known to the decoder")
      }
      command = try StageCommandData(type: type, from: decoder).command
    }
  }
}

extension CodingUserInfoKey {
  fileprivate static let commandType = CodingUserInfoKey(rawValue: "commandType")!
}

extension CommandResult: TopicPayload {
  package static let type = "sluice.command-handled.v1"

  package static var topic: Topic { .commandResults }
  package var messageKey: String { opportunityId.description }
  package var messageID: String { commandId.description }
  package var messageType: String { CommandResult.type }
  package var messageTime: Instant? { nil }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(self) }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> CommandResult? {
    event.type == type ? try JSONCoding.decode(CommandResult.self, from: data) : nil
  }
}

extension PublishedPipeline: TopicPayload {
  package static let type = "sluice.pipeline-published.v1"

  package static var topic: Topic { .pipelines }
  package var messageKey: String { "\(key):\(version)" }
  package var messageID: String { messageKey }
  package var messageType: String { PublishedPipeline.type }
  package var messageTime: Instant? { publishedAt }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(self) }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> PublishedPipeline? {
    event.type == type ? try JSONCoding.decode(PublishedPipeline.self, from: data) : nil
  }
}
