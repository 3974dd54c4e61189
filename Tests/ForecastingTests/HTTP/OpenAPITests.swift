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

  @Test func everyPathIsServed() async throws {
    let paths = Self.lines.filter { $0.hasPrefix("  /") }
      .map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " :")) }
    #expect(
      paths == [
        "/v1/funnel", "/v1/transitions", "/v1/conversion", "/v1/dwell", "/v1/amounts",
        "/v1/bottlenecks",
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
