import Contracts
import Foundation
import HTTPTypes
import Testing

@testable import Forecasting

/// The document beside the routes against what they answer.
@Suite struct OpenAPITests {
  private static let lines: [String] = {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../../Services/Forecasting/HTTP/openapi.yaml")
    return ((try? String(contentsOf: file, encoding: .utf8)) ?? "").components(separatedBy: "\n")
  }()

  /// The `required` list of a schema, in either of YAML's two forms.
  private static func required(_ schema: String) throws -> Set<String> {
    let start = try #require(lines.firstIndex(of: "    \(schema):"))
    let head = try #require(lines[start...].firstIndex { $0.hasPrefix("      required:") })
    let inline = lines[head].drop { $0 != "[" }
    if !inline.isEmpty {
      let names = inline.dropFirst().dropLast().split(separator: ",")
      return Set(names.map { $0.trimmingCharacters(in: .whitespaces) })
    }
    let list = lines[(head + 1)...].prefix { $0.hasPrefix("        - ") }
    return Set(list.map { String($0.dropFirst(10)) })
  }

  @Test func everyMemberOfAnAnswerIsDescribed() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      var history = History(1)
      history.create()
      history.move(to: "offer")
      history.revert()
      try await api.pool.project(history.events)
      let funnel = try await api.request("/v1/funnel")
      #expect(try funnel.body.keys == Self.required("Funnel"))
      #expect(try funnel["freshness"].keys == Self.required("Freshness"))
      let stage = funnel["stages"].items[0]
      #expect(try stage.keys == Self.required("StageFigures"))
      #expect(try stage["name"].keys == Self.required("LocalizedText"))
      #expect(try stage["amounts"].items[0].keys == Self.required("Money"))
      let transitions = try await api.request("/v1/transitions")
      #expect(try transitions.body.keys == Self.required("Transitions"))
      let dwell = try await api.request("/v1/dwell?stage=lead")
      #expect(try dwell.body.keys == Self.required("Dwell"))
      #expect(try dwell["median"].keys == Self.required("DwellQuantile"))
      #expect(try dwell["restrictedMean"].keys == Self.required("RestrictedMean"))
      let amounts = try await api.request("/v1/amounts")
      #expect(try amounts.body.keys == Self.required("Amounts"))
      let spread = amounts["stages"].items[0]["currencies"].items[0]
      #expect(try spread.keys == Self.required("AmountSpread"))
      let bottlenecks = try await api.request("/v1/bottlenecks")
      #expect(try bottlenecks.body.keys == Self.required("Bottlenecks"))
      #expect(try bottlenecks["stages"].items[0].keys == Self.required("Bottleneck"))
      for (query, schema) in [
        ("", "ClosedConversion"), ("?stage=lead", "StageConversion"),
        ("?mode=cohort", "CohortConversion"),
      ] {
        let conversion = try await api.request("/v1/conversion\(query)")
        #expect(try conversion.body.keys == Self.required(schema))
      }
      let cohorts = try await api.request("/v1/conversion?mode=cohort")
      #expect(try cohorts["all"].keys == Self.required("Cohort"))
      #expect(
        try cohorts["all"]["incidence"].items[0].keys == Self.required("CohortIncidence"))
      let timeline = try await api.request("/v1/opportunities/\(history.id)/timeline")
      #expect(try timeline.body.keys == Self.required("Timeline"))
      #expect(try timeline["items"].items[0].keys == Self.required("Visit"))
      #expect(try timeline["reverted"].items[0].keys == Self.required("RevertedMove"))
      let problem = try await api.request("/v1/funnel?pipeline=nothing")
      #expect(try problem.body.keys.isSuperset(of: Self.required("Problem")))
    }
  }

  @Test func everyMemberOfTheFiguresOfPeopleAndTimeIsDescribed() async throws {
    try await withAPI { api in
      try await api.pool.publish(Ladder.published)
      var deal = History(1)
      deal.create()
      deal.move(to: "won")
      var open = History(2)
      open.create()
      try await api.pool.project(deal.events + open.events)
      let forgotten = try await api.request("/v1/forgotten")
      #expect(try forgotten.body.keys == Self.required("Forgotten"))
      #expect(try forgotten["latest"].keys == Self.required("ForgottenPoint"))
      let people = try await api.request("/v1/people")
      #expect(try people.body.keys == Self.required("People"))
      #expect(try people["period"].keys == Self.required("Period"))
      let row = try Self.required("PersonRow")
      #expect(people["people"].items[0].keys == row.union(["owner", "team", "shrunk"]))
      #expect(people["teams"].items[0].keys == row.union(["team", "people"]))
      let person = people["people"].items[0]
      #expect(try person["shrunk"].keys == Self.required("ShrunkRate"))
      #expect(try person["dwell"].keys == Self.required("PersonDwell"))
      #expect(try person["followUps"].keys == Self.required("Share"))
      #expect(try person["followUps"]["reason"].keys == Self.required("Reason"))
      let velocity = try await api.request("/v1/velocity")
      #expect(try velocity.body.keys == Self.required("Velocity"))
      #expect(try velocity["cycleDays"].keys == Self.required("Cycle"))
      #expect(try velocity["winRate"].keys == Self.required("Estimate"))
      #expect(
        try velocity["currencies"].items[0].keys == Self.required("CurrencyVelocity"))
      #expect(try velocity["expectedCloses"].keys == Self.required("ExpectedCloses"))
      let feedback = try await api.request("/v1/feedback")
      #expect(try feedback.body.keys == Self.required("Feedback"))
      #expect(try feedback["stages"].items[0].keys == Self.required("StageFeedback"))
      let change = try await api.request("/v1/before-after?at=2026-03-03")
      #expect(try change.body.keys == Self.required("BeforeAfter"))
      #expect(try change["after"].keys == Self.required("Window"))
      #expect(try change["conversion"].keys == Self.required("Comparison"))
    }
  }

  @Test func everyPathIsServed() async throws {
    let paths = Self.lines.filter { $0.hasPrefix("  /") }
      .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " :")) }
    #expect(
      paths == [
        "/v1/funnel", "/v1/transitions", "/v1/conversion", "/v1/dwell", "/v1/amounts",
        "/v1/bottlenecks", "/v1/forgotten", "/v1/people", "/v1/velocity", "/v1/feedback",
        "/v1/before-after",
        "/v1/opportunities/{id}/timeline",
      ])
    try await withAPI { api in
      for path in paths {
        let uri = path.replacing("{id}", with: History(1).id.description)
        // Without a token a route asks for one; where there is no route there is a 404.
        let answer = try await api.request(uri, token: "")
        #expect(answer.status == .unauthorized)
      }
    }
  }
}
