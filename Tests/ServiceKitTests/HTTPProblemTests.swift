import AsyncHTTPClient
import Contracts
import CoreMetrics
import Foundation
import Hummingbird
import NIOCore
import ServiceContextModule
import ServiceKit
import Testing

@Suite struct HTTPProblemTests {
  private struct Deal: Codable {
    struct Line: Codable { let minor: Int }
    enum Kind: String, Codable { case small, big }
    let name: String
    let lines: [Line]
    let kind: Kind?
    let closed: Bool?
    let at: Instant?
    let tags: [String]?
  }

  private struct Unforeseen: Error {
    let secret = "password=geheim"
  }

  private func router(metrics: (any MetricsFactory)? = nil) -> Router<ServiceRequestContext> {
    let router = makeServiceRouter(metrics: metrics)
    router.post("v1/deals") { request, context in
      try json(try await request.decode(as: Deal.self, context: context), status: .created)
    }
    router.get("v1/deals/{id}") { _, context -> Response in
      throw Problem.notFound("there is no deal \(try context.parameters.require("id"))")
    }
    router.delete("v1/deals/{id}") { _, _ -> Response in throw Unforeseen() }
    router.get("v1/plain") { _, _ -> Response in throw HTTPError(.conflict, message: "taken") }
    router.get("v1/stored") { _, _ in
      // A decoder that fails on our own data is our fault, not the caller's.
      try json(JSONDecoder().decode(Deal.self, from: Data("{}".utf8)))
    }
    router.get("v1/stale") { _, _ -> Response in
      var problem = Problem.preconditionFailed(current: "\"7\"")
      problem.extensions = ["current": ["stage": "won"], "status": "never"]
      throw problem
    }
    router.get("v1/trace") { _, _ in ServiceContext.current?.trace?.traceparent ?? "" }
    router.get("v1/page") { _, _ in Page(items: ["a/b", "商机"], next: nil) }
    return router
  }

  private func post(_ url: String, _ text: String) async throws -> Answer {
    try await fetch(
      url + "/v1/deals", method: "POST", headers: [("Content-Type", "application/json")],
      body: .bytes(ByteBuffer(string: text)))
  }

  @Test func aGoodRequestIsAnswered() async throws {
    try await serving(router()) { url in
      let answer = try await post(
        url, #"{"name":"a/b","lines":[{"minor":1}],"at":"2026-03-01T09:30:00+08:00","extra":1}"#)
      #expect(answer.status == 201)
      #expect(answer.header("content-type") == ["application/json"])
      #expect(answer.header("date").count == 1)
      #expect(
        answer.text
          == #"{"at":"2026-03-01T01:30:00.000000Z","lines":[{"minor":1}],"name":"a/b"}"#)
      let page = try await fetch(url + "/v1/page")
      #expect(page.text == #"{"items":["a/b","商机"],"next":null}"#)
    }
  }

  @Test(arguments: [
    (#"{"lines":[]}"#, "required", "/name", "name", "required"),
    (#"{"name":"a","lines":[{"minor":1},{}]}"#, "required", "/lines/1/minor", "minor", "required"),
    (#"{"name":7,"lines":[]}"#, "invalid-type", "/name", "name", "a string"),
    (#"{"name":"a","lines":{}}"#, "invalid-type", "/lines", "lines", "an array"),
    (#"{"name":"a","lines":[4]}"#, "invalid-type", "/lines/0", "lines", "an object"),
    (
      #"{"name":"a","lines":[{"minor":"1"}]}"#, "invalid-type", "/lines/0/minor", "minor", "integer"
    ),
    (
      #"{"name":"a","lines":[{"minor":1},{"minor":1.5}]}"#, "invalid-value", "/lines/1/minor", nil,
      "integer"
    ),
    (#"{"name":"a","lines":[{"minor":1e40}]}"#, "invalid-value", "/lines/0/minor", nil, "integer"),
    (#"{"name":"a","lines":[],"closed":"yes"}"#, "invalid-type", "/closed", "closed", "true or"),
    (#"{"name":null,"lines":[]}"#, "required", "/name", "name", "null"),
    (#"{"name":"a","lines":[],"kind":"huge"}"#, "invalid-value", "/kind", "kind", "huge"),
    (#"{"name":"a","lines":[],"at":"today"}"#, "invalid-value", "/at", "at", "instant"),
    (#"[]"#, "invalid-type", "", nil, "an object"),
  ])
  func fieldsThatDoNotFit(
    _ body: String, _ code: String, _ pointer: String, _ field: String?, _ words: String
  ) async throws {
    try await serving(router()) { url in
      let answer = try await post(url, body)
      #expect(answer.status == 400)
      #expect(answer.header("content-type") == ["application/problem+json"])
      #expect(try answer.json["type"] as? String == "/problems/invalid-request")
      #expect(try answer.json["status"] as? Int == 400)
      let error = try #require(try answer.errors.first)
      #expect(error["code"] as? String == code)
      #expect(error["pointer"] as? String == pointer)
      #expect(error["field"] as? String == field)
      let message = try #require(error["message"] as? [String: String])
      #expect(message["en"]?.contains(words) == true, "\(message)")
      #expect(message["zh"]?.isEmpty == false)
    }
  }

  @Test(arguments: [
    ("", "empty"), ("{", "end of file"), (#"{"name":"#, "end of file"),
    ("{\n  \"name\": \"a\",\n  oops }", "byte offset 19"), ("nonsense", "byte offset 1"),
    (#"{"商":x}"#, "byte offset 7"),
  ])
  func malformedJSON(_ body: String, _ words: String) async throws {
    try await serving(router()) { url in
      let answer = try await post(url, body)
      #expect(answer.status == 400)
      #expect(try answer.json["code"] as? String == "invalid-json")
      let detail = try #require(try answer.json["detail"] as? String)
      #expect(detail.contains(words), "\(detail)")
    }
  }

  @Test func invalidUTF8() async throws {
    try await serving(router()) { url in
      let bytes = Array(#"{"name":"商"#.utf8) + [0xff] + Array(#"","lines":[]}"#.utf8)
      let answer = try await fetch(
        url + "/v1/deals", method: "POST", body: .bytes(ByteBuffer(bytes: bytes)))
      #expect(answer.status == 400)
      #expect(try answer.json["code"] as? String == "invalid-json")
      #expect(try (answer.json["detail"] as? String)?.contains("offset 12") == true)
    }
  }

  @Test func anotherContentType() async throws {
    try await serving(router()) { url in
      let answer = try await fetch(
        url + "/v1/deals", method: "POST", headers: [("Content-Type", "text/csv")],
        body: .bytes(ByteBuffer(string: "a,b")))
      #expect(answer.status == 415)
      #expect(try answer.json["code"] as? String == "unsupported-media-type")
    }
  }

  @Test func pathsAndMethodsThatAreNotThere() async throws {
    try await serving(router()) { url in
      let path = try await fetch(url + "/v1/nothing/here")
      #expect(path.status == 404)
      #expect(try path.json["code"] as? String == "not-found")
      #expect(try (path.json["detail"] as? String)?.contains("/v1/nothing/here") == true)

      let method = try await fetch(url + "/v1/deals/7", method: "PUT")
      #expect(method.status == 405)
      #expect(method.header("allow") == ["DELETE, GET, HEAD"])
      #expect(try method.json["code"] as? String == "method-not-allowed")

      let own = try await fetch(url + "/v1/deals/7")
      #expect(own.status == 404)
      #expect(try own.json["detail"] as? String == "there is no deal 7")
    }
  }

  @Test func theUnforeseenIsNotShown() async throws {
    try await serving(router()) { url in
      for (path, method) in [("/v1/deals/7", "DELETE"), ("/v1/stored", "GET")] {
        let answer = try await fetch(url + path, method: method)
        #expect(answer.status == 500)
        #expect(try answer.json["code"] as? String == "internal-error")
        #expect(!answer.text.contains("geheim"))
        #expect(!answer.text.contains("name"))
        let trace = try #require(
          answer.header("traceresponse").first.flatMap { TraceContext(traceparent: $0) })
        #expect(try answer.json["traceId"] as? String == trace.traceID)
      }
    }
  }

  @Test func errorsOfTheFrameworkAndExtensionMembers() async throws {
    try await serving(router()) { url in
      let plain = try await fetch(url + "/v1/plain")
      #expect(plain.status == 409)
      #expect(try plain.json["code"] as? String == "conflict")
      #expect(try plain.json["detail"] as? String == "taken")

      let stale = try await fetch(url + "/v1/stale")
      #expect(stale.status == 412)
      #expect(stale.header("etag") == ["\"7\""])
      #expect(try (stale.json["current"] as? [String: String]) == ["stage": "won"])
      #expect(try stale.json["status"] as? Int == 412, "an extension replaces nothing")
    }
  }

  @Test func theTraceGoesOn() async throws {
    try await serving(router()) { url in
      let caller = TraceContext.root()
      let answer = try await fetch(
        url + "/v1/trace", headers: [("traceparent", caller.traceparent)])
      let inside = try #require(TraceContext(traceparent: answer.text))
      #expect(inside.traceID == caller.traceID)
      #expect(inside.spanID != caller.spanID)
      #expect(answer.header("traceresponse") == [answer.text])

      let broken = try await fetch(url + "/v1/trace", headers: [("traceparent", "00-zz")])
      #expect(TraceContext(traceparent: broken.text) != nil)
    }
  }

  @Test func requestsAreMeasured() async throws {
    let registry = PrometheusRegistry()
    try await serving(router(metrics: registry)) { url in
      for _ in 0..<3 { _ = try await fetch(url + "/v1/deals/\(UUID())") }
      _ = try await fetch(url + "/random/\(UUID())", method: "PROPFIND")
    }
    let page = try ExpositionPage(registry.exposition())
    let name = "http_server_request_duration_seconds_count"
    #expect(
      page.value(name, ["method": "GET", "route": "/v1/deals/{id}", "status": "404"]) == 3)
    #expect(page.value(name, ["method": "other", "route": "unmatched", "status": "404"]) == 1)
    #expect(page.value("http_server_active_requests") == 0)
  }
}
