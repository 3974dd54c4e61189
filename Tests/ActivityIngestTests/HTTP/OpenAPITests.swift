import Contracts
import HTTPTypes
import ServiceKit
import Testing

@testable import ActivityIngest

/// The document beside the routes against what they answer.
@Suite struct OpenAPITests {
  @Test func itsExamplesAreWhatItSays() throws {
    let document = try OpenAPIDocument()
    var seen = 0
    func check(_ content: JSONValue, _ place: String) {
      for (type, media) in content.members {
        for example in document.examples(media) {
          seen += 1
          let complaints = document.complaints(example, media["schema"])
          #expect(complaints.isEmpty, "\(place) \(type): \(complaints)")
        }
      }
    }
    for (path, method, operation) in document.operations {
      check(document.resolve(operation["requestBody"])["content"], "\(method) \(path)")
      for (status, answer) in operation["responses"].members {
        check(document.resolve(answer)["content"], "\(method) \(path) \(status)")
      }
    }
    #expect(seen >= 15)
  }

  @Test func itsActivitiesAreTaken() async throws {
    let document = try OpenAPIDocument()
    let content = document.root["paths"]["/v1/activities"]["post"]["requestBody"]["content"]
    try await withAPI(readyMade: false) { api in
      for (type, media) in content.members {
        var headers = ["Content-Type": type]
        if type == "application/json" {
          headers.merge([
            "ce-specversion": "1.0", "ce-id": "1", "ce-source": "/example",
            "ce-type": ObservedActivity.type,
          ]) { $1 }
        }
        let answer = try await api.send(
          .post, "/v1/activities", bytes: try JSONCoding.encode(media["example"]),
          headers: headers)
        #expect(answer.status == 202, "\(type): \(answer.body)")
      }
      try await api.drain()
      #expect(try await api.bench.unmatched().count == 4)
    }
  }

  @Test func itsRulesAreTaken() async throws {
    let document = try OpenAPIDocument()
    @Sendable func example(_ path: String) -> JSONValue {
      document.root["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]
    }
    try await withAPI(readyMade: false) { api in
      let saved = try await api.post("/v1/rules", example("/v1/rules"), as: .admin)
      #expect(saved.status == 201, "\(saved.body)")
      let tried = try await api.post("/v1/rules:try", example("/v1/rules:try"))
      let dry = try await api.post(
        "/v1/rules/budget-approved/dry-run", example("/v1/rules/{key}/dry-run"))
      for (answer, path, status) in [
        (saved, "/v1/rules", 201), (tried, "/v1/rules:try", 200),
        (dry, "/v1/rules/{key}/dry-run", 200),
        (try await api.get("/v1/rules"), "/v1/rules", 200),
        (try await api.get("/v1/rules/budget-approved"), "/v1/rules/{key}", 200),
      ] {
        let method =
          path == "/v1/rules" && status == 200 || path == "/v1/rules/{key}" ? "get" : "post"
        let schema = try #require(document.schema(method, path, status: status))
        #expect(answer.status == status)
        #expect(document.complaints(answer.body, schema).isEmpty, "\(path)")
      }
    }
  }

  @Test func answersAreWhatItSays() async throws {
    let document = try OpenAPIDocument()
    try await withAPI(readyMade: false) { api in
      var deal = History(1)
      deal.create()
      try await api.bench.publish(Ladder.published)
      try await api.bench.apply(deal.events)
      var full = ObservedActivity.mail("full", "wombat", email: "a@b.cn", phone: "13800138000")
      full.observation.subject = "s"
      full.observation.at = History.start
      full.observation.evidence = EvidenceLink(url: "https://example.com", sha256: "00", title: "t")
      try await api.bench.observe(full, .mail("two"))
      let ids = try await api.bench.unmatched().map(\.activity.key)
      func check(
        _ answer: API.Answer, _ method: String, _ path: String, _ status: Int
      ) throws {
        #expect(answer.status == status, "\(method) \(path): \(answer.body)")
        let schema = try #require(
          document.schema(method, path, status: status), "\(method) \(path) \(status)")
        let complaints = document.complaints(answer.body, schema)
        #expect(complaints.isEmpty, "\(method) \(path) \(status): \(complaints)")
      }
      try check(try await api.publish(API.event("1")), "post", "/v1/activities", 202)
      try check(try await api.publish(.null), "post", "/v1/activities", 400)
      try check(try await api.get("/v1/unmatched"), "get", "/v1/unmatched", 200)
      try check(try await api.get("/v1/unmatched?limit=x"), "get", "/v1/unmatched", 400)
      let standing = try await api.get("/v1/activities?source=/mail&id=two")
      try check(standing, "get", "/v1/activities", 200)
      try check(
        try await api.get("/v1/activities?source=/x&id=x"), "get", "/v1/activities", 404)
      let (assign, dismiss) = ("/v1/unmatched/{id}/assign", "/v1/unmatched/{id}/dismiss")
      func body(_ deal: EntityID) -> JSONValue { ["opportunityId": .string(deal.description)] }
      try check(
        try await api.post("/v1/unmatched/\(ids[0])/assign", body(History(9).id)), "post", assign,
        422)
      try check(
        try await api.post("/v1/unmatched/\(ids[0])/assign", body(deal.id)), "post", assign, 200)
      try check(
        try await api.post("/v1/unmatched/\(ids[0])/dismiss"), "post", dismiss, 409)
      try check(
        try await api.post("/v1/unmatched/\(ids[1])/dismiss"), "post", dismiss, 200)
      try check(
        try await api.post("/v1/unmatched/\(ids[1])/assign", body(deal.id)), "post", assign, 409)
      try check(try await api.get("/v1/proposals"), "get", "/v1/proposals", 200)
      let path = "/v1/proposals/\(try await api.bench.proposal().id)"
      try check(try await api.get(path), "get", "/v1/proposals/{id}", 200)
      try check(
        try await api.post("\(path)/confirm", ["reason": "yes"]), "post",
        "/v1/proposals/{id}/confirm",
        200)
      try check(
        try await api.post("\(path)/reject"), "post", "/v1/proposals/{id}/reject", 200)
      try check(
        try await api.post("\(path)/confirm"), "post", "/v1/proposals/{id}/confirm", 409)
      try check(
        try await api.post("\(path)/confirm", as: .viewer), "post", "/v1/proposals/{id}/confirm",
        403)
      try check(
        try await api.get("/v1/proposals", as: nil), "get", "/v1/proposals", 401)
    }
  }

  @Test func everyOperationIsServed() async throws {
    let document = try OpenAPIDocument()
    #expect(document.operations.count == 14)
    try await withAPI(readyMade: false) { api in
      for (path, method, operation) in document.operations {
        let uri = path.replacing("{id}", with: DerivedID.make("none").description)
          .replacing("{key}", with: "none")
        let verb = try #require(HTTPRequest.Method(method.uppercased()))
        // Without a token a route asks for one; where there is no route there is a 404 or 405.
        let answer = try await api.send(verb, uri, as: nil)
        #expect(answer.status == 401, "\(method) \(path)")
        for status in ["401", "403", "405", "429", "503"] {
          #expect(operation["responses"].members[status] != nil, "\(method) \(path) \(status)")
        }
      }
    }
  }
}
