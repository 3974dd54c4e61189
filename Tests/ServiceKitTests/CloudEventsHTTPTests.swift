import AsyncHTTPClient
import Contracts
import Foundation
import Hummingbird
import NIOCore
import ServiceKit
import Testing

/// The HTTP protocol binding of CloudEvents 1.0, reading; the first two tests are the scenarios of
/// the conformance suite's feature.
@Suite struct CloudEventsHTTPTests {
  /// What the echo says of an event.
  private struct Seen: Codable, Equatable {
    var id = "1234-1234-1234"
    var source = "/mycontext/subcontext"
    var type = "com.example.someevent"
    var subject: String?
    var time: String?
    var traceparent: String?
    var tracestate: String?
    var data = #"{"message":"Hello World!"}"#
    var dataContentType: String? = "application/json"
    var index: Int?
    var pointer = "/kind"
  }

  private static func router() -> Router<ServiceRequestContext> {
    let router = makeServiceRouter(options: ServiceRouterOptions(bodyLimit: 4_096))
    router.post("events") { request, context in
      try json(
        try await cloudEvents(of: request, context: context).map { received in
          let event = received.event
          return Seen(
            id: event.id, source: event.source, type: event.type, subject: event.subject,
            time: event.time?.description, traceparent: event.traceparent,
            tracestate: event.tracestate, data: String(decoding: received.data, as: UTF8.self),
            dataContentType: received.dataContentType, index: received.index,
            pointer: received.pointer(toData: "/kind"))
        })
    }
    return router
  }

  private static let attributes = [
    ("ce-specversion", "1.0"), ("ce-type", "com.example.someevent"),
    ("ce-time", "2018-04-05T03:56:24Z"), ("ce-id", "1234-1234-1234"),
    ("ce-source", "/mycontext/subcontext"),
  ]

  private func post(
    _ headers: [(String, String)], _ body: String = #"{"message":"Hello World!"}"#
  ) async throws -> Answer {
    let box = AnswerBox()
    try await serving(Self.router()) { url in
      await box.put(
        try await fetch(
          url + "/events", method: "POST", headers: headers,
          body: .bytes(ByteBuffer(string: body))))
    }
    return try #require(await box.answer)
  }

  private func binary(
    replacing changed: [(String, String)] = [], contentType: String = "application/json"
  ) async throws -> Answer {
    try await post(
      Self.attributes.filter { header in !changed.contains { $0.0 == header.0 } } + changed
        + [("Content-Type", contentType)])
  }

  private func structured(
    _ body: String, _ contentType: String = "application/cloudevents+json"
  ) async throws -> Answer {
    try await post([("Content-Type", contentType)], body)
  }

  private func seen(_ answer: Answer) throws -> [Seen] {
    try #require(answer.status == 200, "\(answer.text)")
    return try JSONDecoder().decode([Seen].self, from: answer.body)
  }

  private func complaints(_ answer: Answer) throws -> [String] {
    try answer.errors.map { error in
      let place = error["pointer"] as? String ?? error["field"] as? String ?? "?"
      return "\(place) \(error["code"] as? String ?? "?")"
    }
  }

  // MARK: Scenarios of the conformance feature

  @Test(arguments: ["application/json", "application/json; charset=utf-8"])
  func binaryContentMode(_ contentType: String) async throws {
    let answer = try await binary(contentType: contentType)
    #expect(
      try seen(answer) == [
        Seen(time: "2018-04-05T03:56:24.000000Z", dataContentType: contentType)
      ])
  }

  @Test(arguments: [
    "application/cloudevents+json", "application/cloudevents+json; charset=utf-8",
    "Application/CloudEvents+JSON ;charset=\"UTF-8\"",
  ])
  func structuredContentMode(_ contentType: String) async throws {
    let answer = try await structured(Self.event(), contentType)
    #expect(
      try seen(answer) == [Seen(time: "2018-04-05T03:56:24.000000Z", pointer: "/data/kind")])
  }

  // MARK: Binary mode

  @Test func headersAreDecodedOnce() async throws {
    let answer = try await binary(replacing: [
      ("ce-subject", "Euro%20%E2%82%AC%20%F0%9F%98%80"), ("ce-id", "100%25%20%2541"),
      ("ce-source", #""a \"quoted\" source""#), ("ce-type", "t"),
      ("ce-traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
      ("ce-tracestate", "a=b"), ("ce-colour", "green"),
    ])
    #expect(
      try seen(answer) == [
        Seen(
          id: "100% %41", source: #"a "quoted" source"#, type: "t", subject: "Euro € 😀",
          time: "2018-04-05T03:56:24.000000Z",
          traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          tracestate: "a=b")
      ])
  }

  @Test func aPercentSignThatBeginsNoCodeStandsForItself() async throws {
    let answer = try await binary(replacing: [("ce-subject", "100% %zz %4")])
    #expect(try seen(answer).first?.subject == "100% %zz %4")
  }

  @Test func dataMayBeAnything() async throws {
    let answer = try await post(Self.attributes + [("Content-Type", "text/plain")], "<no JSON>")
    let event = try #require(try seen(answer).first)
    #expect(event.data == "<no JSON>")
    #expect(event.dataContentType == "text/plain")
    let bare = try #require(try seen(try await post(Self.attributes, "")).first)
    #expect(bare.data.isEmpty)
    #expect(bare.dataContentType == nil)
  }

  @Test(arguments: [
    ("ce-specversion", "0.3", "invalid-value"), ("ce-time", "noon", "invalid-value"),
    ("ce-id", "", "required"), ("ce-source", "%C0%A0", "invalid-value"),
    ("ce-type", "%00", "invalid-value"), ("ce-subject", "%0A", "invalid-value"),
    ("ce-source", String(repeating: "s", count: 1_025), "too-long"),
  ])
  func aBrokenHeader(_ name: String, _ value: String, _ code: String) async throws {
    let answer = try await binary(replacing: [(name, value)])
    #expect(answer.status == 400)
    #expect(try answer.json["code"] as? String == "invalid-envelope")
    #expect(try complaints(answer) == ["\(name) \(code)"])
    let message = try #require(try answer.errors[0]["message"] as? [String: String])
    #expect(message["en"]?.contains(name) == true)
    #expect(message["zh"]?.contains(name) == true)
  }

  @Test func allThatIsMissingIsNamed() async throws {
    let answer = try await post([("ce-id", "1"), ("ce-id", "2"), ("ce-time", "noon")])
    #expect(
      try complaints(answer) == [
        "ce-specversion required", "ce-id invalid-value", "ce-source required",
        "ce-type required", "ce-time invalid-value",
      ])
  }

  // MARK: Structured mode

  private static func event(_ extra: String = "", id: String = "1234-1234-1234") -> String {
    """
    {"specversion":"1.0","type":"com.example.someevent","time":"2018-04-05T03:56:24Z",
     "id":"\(id)","source":"/mycontext/subcontext"\(extra.isEmpty
      ? #","datacontenttype":"application/json","data":{"message":"Hello World!"}"# : extra)}
    """
  }

  @Test(arguments: [
    (#","data_base64":"AAEC/w==""#, "\u{0}\u{1}\u{2}\u{FFFD}", "/data_base64/kind"),
    (#","datacontenttype":"text/xml","data":"<a/>""#, "<a/>", "/data/kind"),
    (#","data":"text""#, #""text""#, "/data/kind"),
    (#","data":null,"colour":"green","subject":null"#, "null", "/data/kind"),
    (#","colour":1"#, "null", "/data/kind"),
  ])
  func dataInItsForms(_ extra: String, _ data: String, _ pointer: String) async throws {
    let event = try #require(try seen(try await structured(Self.event(extra))).first)
    #expect(event.data == data)
    #expect(event.pointer == pointer)
    #expect(event.subject == nil)
  }

  @Test(arguments: [
    (#"{"specversion":"1.0"}"#, ["/id required", "/source required", "/type required"]),
    (
      #"{"specversion":1,"id":"","source":"s","type":null,"time":5}"#,
      [
        "/specversion invalid-type", "/id required", "/type required", "/time invalid-type",
      ]
    ),
    (
      event(#","data":1,"data_base64":"AA==","datacontenttype":7"#),
      ["/datacontenttype invalid-type", "/data_base64 invalid-value"]
    ),
    (event(#","data_base64":"?""#), ["/data_base64 invalid-value"]),
    (event(#","data_base64":{}"#), ["/data_base64 invalid-type"]),
    ("[]", [" invalid-type"]),
  ])
  func aBrokenEvent(_ body: String, _ expected: [String]) async throws {
    let answer = try await structured(body)
    #expect(answer.status == 400)
    #expect(try answer.json["code"] as? String == "invalid-envelope")
    #expect(try complaints(answer) == expected)
  }

  @Test(arguments: ["", "{", "{\"a\":}"])
  func aBodyThatIsNoJSON(_ body: String) async throws {
    let answer = try await structured(body)
    #expect(answer.status == 400)
    #expect(try answer.json["code"] as? String == "invalid-json")
  }

  // MARK: Batched mode

  private static let batch = "application/cloudevents-batch+json"

  @Test func aBatchIsReadInOrder() async throws {
    let body = "[\(Self.event(id: "a")),\(Self.event(#","data":2"#, id: "b"))]"
    let events = try seen(try await structured(body, Self.batch))
    #expect(events.map(\.id) == ["a", "b"])
    #expect(events.map(\.index) == [0, 1])
    #expect(events.map(\.data) == [#"{"message":"Hello World!"}"#, "2"])
    #expect(events.map(\.pointer) == ["/0/data/kind", "/1/data/kind"])
    #expect(try seen(try await structured("[]", Self.batch)) == [])
  }

  @Test func aBatchIsRefusedAsAWhole() async throws {
    let body = #"[{"specversion":"1.0"},7,\#(Self.event()),{"specversion":"2"}]"#
    let answer = try await structured(body, Self.batch)
    #expect(answer.status == 400)
    #expect(
      try complaints(answer) == [
        "/0/id required", "/0/source required", "/0/type required", "/1 invalid-type",
        "/3/specversion invalid-value", "/3/id required", "/3/source required", "/3/type required",
      ])
    let single = try await structured(Self.event(), Self.batch)
    #expect(try complaints(single) == [" invalid-type"])
  }

  // MARK: Other requests

  @Test(arguments: ["application/json", "text/plain", ""])
  func aRequestWithoutAnEvent(_ contentType: String) async throws {
    let answer = try await post(contentType.isEmpty ? [] : [("Content-Type", contentType)])
    #expect(answer.status == 400)
    #expect(try answer.json["code"] as? String == "not-a-cloud-event")
  }

  @Test(arguments: [
    "application/cloudevents+avro", "application/cloudevents", "application/cloudevents-batch+xml",
    "application/cloudevents+json; charset=utf-16",
  ])
  func otherFormats(_ contentType: String) async throws {
    let answer = try await structured(Self.event(), contentType)
    #expect(answer.status == 415)
    #expect((try answer.json["detail"] as? String)?.contains(contentType) == true)
  }

  @Test(arguments: ["application/cloudevents+json", batch, "application/json"])
  func aBodyThatIsTooLarge(_ contentType: String) async throws {
    let answer = try await post(
      Self.attributes + [("Content-Type", contentType)], String(repeating: " ", count: 5_000))
    #expect(answer.status == 413)
  }
}

private actor AnswerBox {
  private(set) var answer: Answer?

  func put(_ answer: Answer) { self.answer = answer }
}
