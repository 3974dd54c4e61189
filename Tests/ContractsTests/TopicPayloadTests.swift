import Contracts
import Testing

@Suite struct TopicPayloadTests {
  private func roundTrip<Payload: TopicPayload & Equatable>(_ payload: Payload) throws {
    let wire = try payload.wireMessage(source: "tests", traceparent: "p", tracestate: "s")
    #expect(wire.key == Array(payload.messageKey.utf8))
    #expect(wire.header("ce_subject") == payload.messageKey)
    guard case .payload(let read, let event) = try Payload.read(wire) else {
      Issue.record("\(payload.messageType) was not read")
      return
    }
    #expect(read == payload)
    #expect(event.id == payload.messageID && event.type == payload.messageType)
    #expect(event.time == payload.messageTime)
    #expect(event.traceparent == "p" && event.tracestate == "s" && event.source == "tests")

    // The same in structured mode.
    let data = String(decoding: try payload.messageData(), as: UTF8.self)
    let structured = WireMessage(
      key: wire.key,
      value: Array(
        #"{"specversion":"1.0","id":"\#(event.id)","source":"x","type":"\#(event.type)","data":\#(data)}"#
          .utf8), headers: [.init("content-type", "application/cloudevents+json")])
    guard case .payload(let again, _) = try Payload.read(structured) else {
      Issue.record("\(payload.messageType) was not read in structured mode")
      return
    }
    #expect(again == payload)
  }

  @Test(arguments: StageEventType.allCases)
  func events(_ type: StageEventType) throws {
    try roundTrip(Sample.event(type))
    try roundTrip(
      StageEvent(
        id: Sample.other, type: type,
        data: StageEventData(
          opportunityId: Sample.opportunity, epoch: 1, sequence: 1, pipeline: "p",
          pipelineVersion: 1, actor: "a", occurredAt: Sample.time, recordedAt: Sample.time)))
  }

  @Test func commands() throws {
    #expect(Set(Sample.commands.map(\.type)) == Set(StageCommandType.allCases))
    for command in Sample.commands {
      try roundTrip(command)
      try roundTrip(
        StageCommand(id: command.id, opportunityId: command.opportunityId, action: command.action))
    }
  }

  @Test func results() throws {
    try roundTrip(Sample.result)
    try roundTrip(
      CommandResult(
        commandId: Sample.other, opportunityId: Sample.opportunity, outcome: .accepted,
        sequence: nil))
  }

  @Test func pipelines() throws {
    try roundTrip(Sample.pipeline)
    #expect(Sample.pipeline.messageKey == "general:3")
  }

  /// As it was written before pipelines had teams, and is still where they have none.
  @Test func aPipelineOfAllNamesNoTeams() throws {
    let bytes = Array(#"{"name":{"en":"A","zh":"甲"},"stages":[]}"#.utf8)
    let definition = try JSONCoding.decode(PipelineDefinition.self, from: bytes)
    #expect(definition.teams == [])
    #expect(try JSONCoding.encode(definition) == bytes)
  }

  @Test func unknownTypesAndTombstonesAreNoErrors() throws {
    var wire = try Sample.event().wireMessage(source: "tests")
    wire.headers.append(.init("ce_type", "sluice.stage-danced.v7"))
    wire.value = [0xFF]
    guard case .unknownType("sluice.stage-danced.v7") = try StageEvent.read(wire),
      case .unknownType = try StageCommand.read(wire),
      case .unknownType = try CommandResult.read(wire),
      case .unknownType = try PublishedPipeline.read(wire)
    else {
      Issue.record("an unknown type was read as something else")
      return
    }
    wire.value = nil
    guard case .tombstone = try StageEvent.read(wire) else {
      Issue.record("a null value is no tombstone")
      return
    }
  }

  @Test func unknownMembersAreIgnored() throws {
    var wire = try Sample.event().wireMessage(source: "tests")
    wire.value = Array(#"{"aNewMember":{"x":[1]},"#.utf8) + (wire.value ?? []).dropFirst()
    guard case .payload(let event, _) = try StageEvent.read(wire) else {
      Issue.record("not read")
      return
    }
    #expect(event == Sample.event())
  }

  private func reason<Payload: TopicPayload>(_ type: Payload.Type, _ wire: WireMessage) -> String? {
    do throws(MessageFailure) {
      _ = try Payload.read(wire)
      return nil
    } catch {
      return error.description
    }
  }

  @Test(arguments: [
    ("{\"opportunityId\":\"\u{0}", notJSON),
    ("", notJSON),
    ("nonsense", notJSON),
    ("[]", "/ has the wrong type; expected an object"),
    ("null", "/ must not be null"),
    ("{}", "/opportunityId is missing"),
  ])
  func poison(_ value: String, _ reason: String) throws {
    var wire = try Sample.event().wireMessage(source: "tests")
    wire.value = Array(value.utf8)
    #expect(self.reason(StageEvent.self, wire) == "invalid-data: sluice.stage-moved.v1: \(reason)")
  }

  @Test func invalidUTF8IsPoison() throws {
    var wire = try Sample.event().wireMessage(source: "tests")
    wire.value = (wire.value ?? []).map { $0 == UInt8(ascii: "l") ? 0xFF : $0 }
    #expect(
      reason(StageEvent.self, wire)
        == "invalid-data: sluice.stage-moved.v1: \(notJSON)")
  }

  @Test(arguments: [
    (#""sequence":2"#, #""sequence":"2""#, "/sequence has the wrong type; expected a whole number"),
    (#""actor":"li.lei""#, #""actor":null"#, "/actor must not be null"),
    (
      #""minor":12000000"#, #""minor":true"#,
      "/amount/minor has the wrong type; expected a whole number"
    ),
    (
      #""violations":[{"#, #""violations":[5,{"#,
      "/violations/0 has the wrong type; expected an object"
    ),
    (#""fromCategory":"open""#, #""fromCategory":"closed""#, "/fromCategory: "),
    (#""occurredAt":"2026"#, #""occurredAt":"26"#, "/occurredAt: expected an RFC 3339 instant"),
  ])
  func theReasonPointsAtTheMember(_ old: String, _ new: String, _ reason: String) throws {
    var wire = try Sample.event().wireMessage(source: "tests")
    let text = String(decoding: wire.value ?? [], as: UTF8.self)
    #expect(text.contains(old))
    wire.value = Array(text.replacing(old, with: new).utf8)
    let found = try #require(self.reason(StageEvent.self, wire))
    #expect(found.hasPrefix("invalid-data: sluice.stage-moved.v1: \(reason)"), "\(found)")
  }

  @Test func anEventIdMustBeAUUID() throws {
    var wire = try Sample.event().wireMessage(source: "tests")
    wire.headers.append(.init("ce_id", "7"))
    #expect(
      reason(StageEvent.self, wire) == "invalid-envelope: the event id 7 is not a UUID")
  }

  @Test func aCommandIsTheOneThatTheEnvelopeNames() throws {
    var wire = try Sample.commands[0].wireMessage(source: "tests")
    wire.headers.append(.init("ce_id", Sample.other.description.uppercased()))
    #expect(reason(StageCommand.self, wire) == nil)
    wire.headers.append(.init("ce_id", Sample.opportunity.description))
    #expect(
      reason(StageCommand.self, wire)
        == "invalid-data: commandId \(Sample.other) differs from the event id \(Sample.opportunity)"
    )
  }
}
