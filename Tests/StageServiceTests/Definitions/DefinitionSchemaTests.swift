import Contracts
import Foundation
import LocalServers
import TestSupport
import Testing

@testable import StageService

@Suite struct DefinitionSchemaTests {
  private let schema: JSONValue

  init() throws {
    schema = try JSONCoding.decode(
      JSONValue.self, from: PackageResources.definition_schema_json)
  }

  private static func texts(_ values: [String]) -> [JSONValue] { values.map(JSONValue.string) }

  @Test func itKnowsWhatTheCodeKnows() {
    let definitions = schema["$defs"]
    #expect(
      schema["properties"]["template"]["enum"].items == Self.texts(Templates.all.map(\.key)))
    #expect(definitions["role"]["enum"].items == Self.texts(StageCheck.moverRoles))
    #expect(
      definitions["field"]["properties"]["type"]["enum"].items
        == Self.texts(FieldDeclaration.Kind.allCases.map(\.rawValue)))
    let stage = definitions["stage"]["properties"]
    #expect(
      Set(stage["category"]["enum"].items)
        == Set(Self.texts(StageCategory.allCases.map(\.rawValue))))
    #expect(
      Set(stage["forecastCategory"]["enum"].items)
        == Set(Self.texts(ForecastCategory.allCases.map(\.rawValue))))
    #expect(
      Set(definitions["field"]["properties"]["key"]["not"]["enum"].items)
        == Set(Self.texts(Array(FieldCheck.builtIn.keys))))
  }

  /// A reference implementation takes every template, and refuses what the code refuses.
  @Test(.enabled(if: TestPython.path != nil, "\(TestPython.absence)"))
  func aReferenceImplementationAgrees() async throws {
    var teams = Templates.general
    teams.teams = ["east", "华西.1", String(repeating: "长", count: 100)]
    let good =
      try Templates.all.map { try Self.json($0.definition) }
      + [Self.everyRule(), try Self.json(teams)]
    let verdicts = try await verdicts(on: good)
    #expect(verdicts == Array(repeating: "fits", count: 12))

    let bad = try Self.mistakes.map { change in
      var definition = Templates.general
      change(&definition)
      #expect(!DefinitionCheck.failures(of: definition).isEmpty)
      return try Self.json(definition)
    }
    let others: [JSONValue] = [
      [:], ["name": ["zh": "甲", "en": "A"]], ["name": ["zh": "甲"], "stages": []],
      Self.with(rule: ["filled": "a", "checklist": [:]]), Self.with(rule: [:]),
      Self.with(rule: ["evidence": "document"]), Self.with(rule: ["unknown": 1]),
    ]
    #expect(
      try await self.verdicts(on: bad + others)
        == Array(repeating: "refused", count: bad.count + others.count))
  }

  private static let mistakes: [@Sendable (inout PipelineDefinition) -> Void] = [
    { $0.stages[0].key = "Not A Key" }, { $0.stages[0].name.zh = " " },
    { $0.stages[0].probability = 1.5 }, { $0.stages[0].followUpDays = 0 },
    { $0.stages[0].benchmarkDays = 4_000 }, { $0.stages[0].decider = .role("king") },
    { $0.stages = [.lost] }, { $0.template = "nonsense" }, { $0.fields[0].key = "amount" },
    { $0.fields[0].key = "7" }, { $0.fields[0].choices = [] },
    {
      $0.fields.append(FieldDeclaration(key: "c", name: .sales, type: .choice))
    },
    { $0.lossReasons = [.reason("Too Dear", "贵", "Too dear")] },
    { $0.teams = ["a b"] }, { $0.teams = [""] }, { $0.teams = ["east", "east"] },
    { $0.teams = [String(repeating: "x", count: 101)] }, { $0.teams = ["a\u{1}"] },
    { $0.teams = (0...100).map { "team-\($0)" } },
    { $0.stages[0].checklist = [.item("", "甲", "A")] },
    { $0.stages[0].exitCriteria = [.criterion("c", "甲", "A", .feedback(withinDays: 0))] },
    { $0.stages[0].exitCriteria = [.criterion("c", "甲", "A", .evidence(kind: ""))] },
    { $0.stages[0].exitCriteria = [.criterion("c", "甲", "A", .all([]))] },
    { $0.stages[0].exitCriteria = [.criterion("c", "甲", "A", .amountWithin(limits: ["x": 1]))] },
    {
      $0.stages[0].exitCriteria = [
        .criterion("c", "甲", "A", .equals(field: "budget", value: .null))
      ]
    },
  ]

  private static func json(_ definition: PipelineDefinition) throws -> JSONValue {
    try JSONCoding.decode(JSONValue.self, from: try JSONCoding.encode(definition))
  }

  private static func everyRule() -> JSONValue {
    with(rule: [
      "all": [
        ["filled": "owner"], ["equals": ["field": "a", "value": true]],
        ["oneOf": ["field": "a", "values": [1, "b"]]],
        ["atLeast": ["field": "amount", "value": 1]],
        ["atMost": ["field": "amount", "value": 9.5]],
        ["before": ["field": "expectedClose", "value": "2030-01-01"]],
        ["evidence": ["kind": "document"]], ["feedback": ["withinDays": 14]], ["checklist": [:]],
        ["amountWithin": ["limits": ["rep": 5]]], ["any": [["not": ["filled": "b"]]]],
      ]
    ])
  }

  private static func with(rule: JSONValue) -> JSONValue {
    [
      "name": ["zh": "流程", "en": "Pipeline"],
      "stages": [
        [
          "key": "a", "name": ["zh": "甲", "en": "A"], "category": "open",
          "checklist": [["key": "i", "name": ["zh": "项", "en": "Item"]]],
          "exitCriteria": [["key": "c", "name": ["zh": "条件", "en": "Criterion"], "rule": rule]],
        ]
      ],
    ]
  }

  private static let script = """
    import json, sys
    from jsonschema import Draft202012Validator
    call = json.load(sys.stdin)
    Draft202012Validator.check_schema(call["schema"])
    validator = Draft202012Validator(call["schema"])
    for document in call["documents"]:
        print("fits" if validator.is_valid(document) else "refused")
    """

  /// What `jsonschema` of PyPI says of each.
  private func verdicts(on documents: [JSONValue]) async throws -> [String] {
    let call: JSONValue = ["schema": schema, "documents": .array(documents)]
    let answer = try await Tool.run(
      try #require(TestPython.path), ["-c", Self.script],
      input: String(decoding: try JSONCoding.encode(call), as: UTF8.self))
    return answer.split(separator: "\n").map(String.init)
  }
}
