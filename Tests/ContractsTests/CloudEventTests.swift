import Contracts
import Testing

@Suite struct CloudEventTests {
  private static let event = CloudEvent(
    id: "e-1", source: "tests", type: "t.v1", subject: "s", time: Sample.time,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "a=b")

  private static func message(
    _ headers: [(String, String)], _ value: String? = "{}"
  ) -> WireMessage {
    WireMessage(
      key: nil, value: value.map { Array($0.utf8) }, headers: headers.map { .init($0.0, $0.1) })
  }

  private static func failure(_ message: WireMessage) -> MessageFailure? {
    do throws(MessageFailure) {
      _ = try CloudEvent.decode(message)
      return nil
    } catch {
      return error
    }
  }

  @Test func binaryModeComesBack() throws {
    let wire = Self.event.binary(key: "k", data: Array("[1]".utf8))
    #expect(wire.key == Array("k".utf8))
    #expect(wire.header("content-type") == "application/json")
    let (event, data) = try #require(try CloudEvent.decode(wire))
    #expect(event == Self.event)
    #expect(data == Array("[1]".utf8))
  }

  @Test func headersCompareWithoutCaseAndTheLastOneCounts() throws {
    let wire = Self.message([
      ("CE_SpecVersion", "1.0"), ("Ce_Id", "first"), ("CE_ID", "e-1"), ("ce_SOURCE", "tests"),
      ("ce_type", "t.v1"),
    ])
    let (event, _) = try #require(try CloudEvent.decode(wire))
    #expect(event == CloudEvent(id: "e-1", source: "tests", type: "t.v1"))
  }

  @Test(arguments: [
    "application/cloudevents+json", "Application/CloudEvents+JSON; charset=UTF-8",
  ])
  func structuredModeIsRead(_ contentType: String) throws {
    let text = """
      {"specversion":"1.0","id":"e-1","source":"tests","type":"t.v1","subject":"s",\
      "time":"2026-11-23T17:30:00.000001+08:00","datacontenttype":"application/json",\
      "traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","tracestate":"a=b",\
      "unknownextension":5,"data":{"b":[1,2.5],"a":null}}
      """
    let (event, data) = try #require(
      try CloudEvent.decode(Self.message([("Content-Type", contentType)], text)))
    #expect(event == Self.event)
    #expect(String(decoding: data, as: UTF8.self) == #"{"a":null,"b":[1,2.5]}"#)
  }

  @Test func aNullValueIsATombstone() throws {
    #expect(try CloudEvent.decode(Self.message([], nil)) == nil)
    #expect(try CloudEvent.decode(Self.message([("ce_specversion", "9")], nil)) == nil)
  }

  @Test func whatIsNoEvent() {
    #expect(Self.failure(Self.message([]))?.code == .notAnEvent)
    for type in ["application/cloudevents+avro", "application/cloudevents-batch+json"] {
      let failure = Self.failure(Self.message([("content-type", type)]))
      #expect(
        failure
          == MessageFailure(
            .notAnEvent,
            "content-type \(type) is not supported; expected application/cloudevents+json"
          ))
    }
  }

  private static let whole = [
    ("ce_specversion", "1.0"), ("ce_id", "e-1"), ("ce_source", "tests"), ("ce_type", "t.v1"),
  ]

  @Test(arguments: [
    ("ce_specversion", "0.3", "the header ce_specversion is 0.3; expected 1.0"),
    ("ce_id", "", "the header ce_id is empty"),
    ("ce_source", "", "the header ce_source is empty"),
    ("ce_type", "", "the header ce_type is empty"),
    (
      "ce_time", "noon",
      "the header ce_time is not an RFC 3339 instant such as 2026-11-23T09:30:00Z"
    ),
  ])
  func aBrokenBinaryEnvelope(_ name: String, _ value: String, _ reason: String) {
    let headers = Self.whole.filter { $0.0 != name }
    #expect(
      Self.failure(Self.message(headers + [(name, value)]))
        == MessageFailure(.invalidEnvelope, reason))
    if value.isEmpty {
      #expect(
        Self.failure(Self.message(headers))
          == MessageFailure(.invalidEnvelope, reason.replacing("empty", with: "missing")))
    }
  }

  @Test(arguments: [
    (
      #"{"specversion":"0.3","id":"1","source":"s","type":"t"}"#,
      "/specversion is 0.3; expected 1.0"
    ),
    (#"{"specversion":"1.0","source":"s","type":"t"}"#, "/id is missing"),
    (#"{"specversion":"1.0","id":"","source":"s","type":"t"}"#, "/id is empty"),
    (
      #"{"specversion":"1.0","id":1,"source":"s","type":"t"}"#,
      "/id has the wrong type; expected a string"
    ),
    (
      #"{"specversion":"1.0","id":"1","source":"s","type":"t","time":"noon"}"#,
      "/time is not an RFC 3339 instant such as 2026-11-23T09:30:00Z"
    ),
    ("[", notJSON),
    ("", notJSON),
  ])
  func aBrokenStructuredEnvelope(_ text: String, _ reason: String) {
    #expect(
      Self.failure(Self.message([("content-type", "application/cloudevents+json")], text))
        == MessageFailure(.invalidEnvelope, reason))
  }
}
