import Contracts
import Testing

/// The Kafka protocol binding of CloudEvents 1.0, reading, as the conformance suite's feature has it.
@Suite struct CloudEventsKafkaTests {
  private static let data = #"{"message":"Hello World!"}"#

  private static let expected = CloudEvent(
    id: "1234-1234-1234", source: "/mycontext/subcontext", type: "com.example.someevent",
    time: Instant("2018-04-05T03:56:24Z"))

  private func read(
    _ headers: [(String, String)], _ value: String
  ) throws -> (event: CloudEvent, data: [UInt8]) {
    let message = WireMessage(
      key: nil, value: Array(value.utf8), headers: headers.map { .init($0.0, $0.1) })
    return try #require(try CloudEvent.decode(message))
  }

  private func failure(_ headers: [(String, String)], _ value: String) -> MessageFailure? {
    do {
      _ = try read(headers, value)
      return nil
    } catch {
      return error as? MessageFailure
    }
  }

  @Test(arguments: ["application/json", "application/json; charset=utf-8"])
  func binaryContentMode(_ contentType: String) throws {
    let (event, data) = try read(
      [
        ("ce_specversion", "1.0"), ("ce_id", "1234-1234-1234"),
        ("ce_type", "com.example.someevent"), ("ce_source", "/mycontext/subcontext"),
        ("ce_time", "2018-04-05T03:56:24Z"), ("content-type", contentType),
      ], Self.data)
    #expect(event == Self.expected)
    #expect(
      try JSONCoding.decode([String: String].self, from: data) == ["message": "Hello World!"])
  }

  @Test(arguments: [
    "application/cloudevents+json", "application/cloudevents+json; charset=utf-8",
  ])
  func structuredContentMode(_ contentType: String) throws {
    let (event, data) = try read(
      [("content-type", contentType)],
      """
      {"specversion":"1.0","type":"com.example.someevent","time":"2018-04-05T03:56:24Z",
       "id":"1234-1234-1234","source":"/mycontext/subcontext",
       "datacontenttype":"application/json","data":\(Self.data)}
      """)
    #expect(event == Self.expected)
    #expect(
      try JSONCoding.decode([String: String].self, from: data) == ["message": "Hello World!"])
  }

  private static func structured(_ members: String) -> String {
    #"{"specversion":"1.0","type":"t","id":"1","source":"s"\#(members)}"#
  }

  @Test(arguments: [
    (#","data_base64":"e30=""#, "{}"), (#","data_base64":"","data":null"#, ""),
    (#","datacontenttype":"text/plain","data":"a b""#, "a b"),
    (#","datacontenttype":"application/vnd.x+json; a=b","data":"a b""#, #""a b""#),
    (#","data":"a b""#, #""a b""#), ("", "null"),
  ])
  func dataInItsForms(_ members: String, _ data: String) throws {
    let event = try read(
      [("content-type", "application/cloudevents+json")], Self.structured(members))
    #expect(String(decoding: event.data, as: UTF8.self) == data)
  }

  @Test(arguments: [
    (#","data":1,"data_base64":"AA==""#, "/data_base64 and data exclude each other"),
    (#","data_base64":"é""#, "/data_base64 is not Base64"),
    (#","data_base64":[]"#, "/data_base64 has the wrong type; expected a string"),
    (#","subject":"a\u0000b""#, "/subject contains a control character"),
    (
      #","time":"noon","tracestate":4"#,
      "/time is not an RFC 3339 instant such as 2026-11-23T09:30:00Z; "
        + "/tracestate has the wrong type; expected a string"
    ),
  ])
  func allThatIsWrongIsSaid(_ members: String, _ reason: String) {
    let found = failure(
      [("content-type", "application/cloudevents+json")], Self.structured(members))
    #expect(found == MessageFailure(.invalidEnvelope, reason))
  }

  @Test func namesAreNotCutOff() {
    let long = String(repeating: "件", count: 342)
    let found = failure(
      [("ce_specversion", "1.0"), ("ce_id", long), ("ce_source", "s")], Self.data)
    #expect(
      found
        == MessageFailure(
          .invalidEnvelope,
          "the header ce_id is longer than 1024 bytes; the header ce_type is missing"))
  }
}
