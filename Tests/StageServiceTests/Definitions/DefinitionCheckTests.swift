import Contracts
import Testing

@testable import StageService

@Suite struct DefinitionCheckTests {
  /// A usable definition with a field of every type, changed.
  private func codes(_ change: (inout PipelineDefinition) -> Void) -> [String: String] {
    var definition = PipelineDefinition(
      name: LocalizedText(zh: "流程", en: "Pipeline"),
      fields: FieldDeclaration.Kind.allCases.map { kind in
        FieldDeclaration(
          key: "\(kind)Field", name: LocalizedText(zh: "字段", en: "Field"), type: kind,
          choices: kind == .choice
            ? [.init(key: "red", name: LocalizedText(zh: "红", en: "Red"))] : nil)
      },
      lossReasons: [.price],
      stages: [
        Stage(
          key: "talking", name: LocalizedText(zh: "洽谈", en: "Talking"), category: .open,
          exitCriteria: [.amountKnown], requiredFields: ["textField", "owner"],
          next: ["won", "lost"], checklist: [.item("asked", "问过", "Asked")], decider: .owner,
          deciders: ["won": .manager]),
        .won(), .lost,
      ])
    change(&definition)
    return Dictionary(
      DefinitionCheck.failures(of: definition, at: "").map { ($0.pointer, $0.code) }
    ) { "\($0), \($1)" }
  }

  private func codes(of rule: Criterion.Rule) -> [String: String] {
    let rules = codes {
      $0.stages[0].exitCriteria = [.criterion("c", "条件", "Criterion", rule)]
    }
    let base = "/stages/0/exitCriteria/0/rule"
    return Dictionary(
      uniqueKeysWithValues: rules.map {
        ($0.key.replacing(base, with: "", maxReplacements: 1), $0.value)
      })
  }

  @Test func aWholeDefinitionPasses() {
    #expect(codes { _ in } == [:])
  }

  @Test func teams() {
    #expect(codes { $0.teams = ["east", "华西.1"] } == [:])
    #expect(
      codes { $0.teams = ["east", "a b", "", "east", "a\u{0}"] } == [
        "/teams/1": "invalid-id", "/teams/2": "invalid-id", "/teams/3": "duplicate-key",
        "/teams/4": "invalid-id",
      ])
    #expect(codes { $0.teams = (0...100).map { "team-\($0)" } } == ["/teams": "too-many-teams"])
  }

  @Test func everythingThatIsWrongIsListed() {
    var definition = Templates.general
    definition.stages[1].key = definition.stages[0].key
    definition.stages[2].key = "Not A Key"
    definition.stages[3].next = ["nowhere"]
    definition.stages[4].probability = 1.5
    definition.stages[4].followUpDays = 0
    let codes = DefinitionCheck.failures(of: definition).map(\.code)
    #expect(codes.contains("duplicate-key"))
    #expect(codes.contains("invalid-key"))
    #expect(codes.contains("unknown-stage"))
    #expect(codes.filter { $0 == "out-of-range" }.count == 2)
  }

  @Test func aDefinitionWithoutAnOpenStageIsRefused() {
    let empty = PipelineDefinition(name: LocalizedText(zh: "空", en: "empty"), stages: [])
    #expect(DefinitionCheck.failures(of: empty).map(\.code) == ["no-open-stage"])
    #expect(DefinitionCheck.failures(of: empty).map(\.pointer) == ["/definition/stages"])
  }

  @Test func namesAndTexts() {
    let long = String(repeating: "长", count: 2_001)
    #expect(
      codes {
        $0.name.zh = " "
        $0.description = LocalizedText(zh: "a\0b", en: long)
        $0.template = "nonsense"
        $0.stages[0].department = LocalizedText(zh: "\0", en: "")
        $0.stages[0].guidance = .init(
          task: ("", "\0"), focus: ("", long), difficulty: (long, ""))
        $0.stages[0].exitCriteria[0].supplier = "\0"
        $0.stages[0].decider = .person("\0")
        $0.stages[0].name.en = ""
        $0.stages[0].checklist[0].name.zh = ""
        $0.stages[0].exitCriteria[0].name.en = "\n"
        $0.fields[0].name.en = ""
        $0.lossReasons[0].name.zh = ""
      } == [
        "/name/zh": "required", "/description/zh": "invalid-text", "/description/en": "too-long",
        "/template": "unknown-template", "/stages/0/name/en": "required",
        "/stages/0/checklist/0/name/zh": "required",
        "/stages/0/exitCriteria/0/name/en": "required", "/fields/0/name/en": "required",
        "/lossReasons/0/name/zh": "required", "/stages/0/department/zh": "invalid-text",
        "/stages/0/guidance/keyTask/en": "invalid-text",
        "/stages/0/guidance/focus/en": "too-long", "/stages/0/guidance/difficulty/zh": "too-long",
        "/stages/0/exitCriteria/0/supplier": "invalid-text", "/stages/0/decider": "invalid-text",
      ])
  }

  @Test func keysAreWellFormedAndUnique() {
    #expect(
      codes {
        $0.fields.append($0.fields[0])
        $0.fields.append(FieldDeclaration(key: "amount", name: .sales, type: .number))
        $0.fields.append(FieldDeclaration(key: "7th", name: .sales, type: .number))
        $0.lossReasons = [.price, .price, .reason("Too Dear", "贵", "Too dear")]
        $0.stages[0].checklist += [.item("asked", "再问", "Asked again"), .item("", "空", "Empty")]
        $0.stages[0].exitCriteria += [.amountKnown, .criterion("A/B", "甲", "A", .checklist)]
        $0.stages[1].key = "talking"
      } == [
        "/fields/7/key": "duplicate-key", "/fields/8/key": "reserved-key",
        "/fields/9/key": "invalid-key", "/lossReasons/1/key": "duplicate-key",
        "/lossReasons/2/key": "invalid-key", "/stages/0/checklist/1/key": "duplicate-key",
        "/stages/0/checklist/2/key": "invalid-key",
        "/stages/0/exitCriteria/1/key": "duplicate-key",
        "/stages/0/exitCriteria/2/key": "invalid-key", "/stages/1/key": "duplicate-key",
        "/stages/0/next/0": "unknown-stage",
      ])
  }

  @Test func choices() {
    #expect(
      codes {
        $0.fields[0].choices = []
        $0.fields[4].choices = nil
      } == ["/fields/0/choices": "not-allowed", "/fields/4/choices": "required"])
    #expect(
      codes {
        $0.fields[4].choices = ["red", "red", "Red"].map {
          .init(key: $0, name: LocalizedText(zh: "红", en: ""))
        }
      } == [
        "/fields/4/choices/1/key": "duplicate-key", "/fields/4/choices/2/key": "invalid-key",
        "/fields/4/choices/0/name/en": "required", "/fields/4/choices/1/name/en": "required",
        "/fields/4/choices/2/name/en": "required",
      ])
  }

  @Test func tooMany() {
    #expect(
      codes {
        $0.fields = (0...200).map {
          FieldDeclaration(key: "f\($0)", name: .sales, type: .text)
        }
        $0.stages[0].requiredFields = []
        $0.stages += (0..<48).map { Stage(key: "s\($0)", name: .sales, category: .open) }
      } == ["/fields": "too-many-fields", "/stages": "too-many-stages"])
  }

  @Test func deciders() {
    #expect(
      codes {
        $0.stages[0].decider = .role("king")
        $0.stages[0].deciders = [
          "talking": .owner, "no/where": .automation, "lost": .role("viewer"),
          "won": .person("li.na"),
        ]
      } == [
        "/stages/0/decider": "unknown-role", "/stages/0/deciders/talking": "unknown-stage",
        "/stages/0/deciders/no~1where": "unknown-stage", "/stages/0/deciders/lost": "unknown-role",
      ])
    #expect(
      codes {
        $0.stages[0].next = nil
        $0.stages[0].deciders = ["lost": .role("rep"), "talking": .manager]
      } == ["/stages/0/deciders/talking": "unknown-stage"])
  }

  @Test func requiredFieldsAreDeclared() {
    #expect(
      codes { $0.stages[0].requiredFields = ["textField", "budget", "nextStep"] }
        == ["/stages/0/requiredFields/1": "unknown-field"])
    #expect(
      codes {
        $0.fields = []
        $0.stages[0].requiredFields = ["budget", "no key"]
      } == ["/stages/0/requiredFields/1": "unknown-field"])
  }

  @Test(
    arguments: [
      (.filled(field: "nothing"), ["/filled": "unknown-field"]),
      (
        .equals(field: "nothing", value: .null),
        ["/equals/field": "unknown-field", "/equals/value": "invalid-value"]
      ),
      (.equals(field: "textField", value: 1), ["/equals/value": "wrong-type"]),
      (.equals(field: "numberField", value: "1"), ["/equals/value": "wrong-type"]),
      (.equals(field: "booleanField", value: 1), ["/equals/value": "wrong-type"]),
      (.equals(field: "choiceField", value: "green"), ["/equals/value": "wrong-type"]),
      (.equals(field: "dateField", value: "2026-02-30"), ["/equals/value": "wrong-type"]),
      (.equals(field: "moneyField", value: "5 CNY"), ["/equals/value": "wrong-type"]),
      (.equals(field: "personField", value: ""), ["/equals/value": "required"]),
      (.equals(field: "textField", value: " "), ["/equals/value": "required"]),
      (
        .equals(
          field: "moneyField", value: ["minor": 1, "currency": "CNY", "rounded": true]),
        ["/equals/value": "wrong-type"]
      ),
      (
        .oneOf(field: "choiceField", values: ["red", "green", .null]),
        ["/oneOf/values/1": "wrong-type", "/oneOf/values/2": "invalid-value"]
      ),
      (.oneOf(field: "owner", values: []), ["/oneOf/values": "required"]),
      (.atLeast(field: "textField", value: 1), ["/atLeast/field": "wrong-type"]),
      (.atMost(field: "expectedClose", value: 1), ["/atMost/field": "wrong-type"]),
      (.before(field: "amount", value: "2026-01-01"), ["/before/field": "wrong-type"]),
      (.before(field: "dateField", value: "soon"), ["/before/value": "invalid-date"]),
      (.equals(field: "textField", value: "\0"), ["/equals/value": "invalid-text"]),
      (.evidence(kind: "\0"), ["/evidence/kind": "invalid-text"]),
      (.evidence(kind: " "), ["/evidence/kind": "required"]),
      (.feedback(withinDays: 0), ["/feedback/withinDays": "out-of-range"]),
      (.amountWithin(limits: [:]), ["/amountWithin/limits": "required"]),
      (
        .amountWithin(limits: ["rep": -1, "king": 5]),
        [
          "/amountWithin/limits/rep": "out-of-range", "/amountWithin/limits/king": "unknown-role",
        ]
      ),
      (.all([]), ["/all": "required"]), (.any([]), ["/any": "required"]),
      (
        .all([.not(.filled(field: "x")), .any([.checklist, .filled(field: "y")])]),
        ["/all/0/not/filled": "unknown-field", "/all/1/any/1/filled": "unknown-field"]
      ),
    ] as [(Criterion.Rule, [String: String])])
  func rules(_ rule: Criterion.Rule, _ expected: [String: String]) {
    #expect(codes(of: rule) == expected)
  }

  @Test(
    arguments: [
      .filled(field: "amount"), .equals(field: "textField", value: "a"),
      .equals(field: "numberField", value: 1.5), .equals(field: "amount", value: 100),
      .equals(field: "moneyField", value: .object(["minor": 1, "currency": "CNY"])),
      .equals(field: "moneyField", value: 100), .equals(field: "dateField", value: "2028-02-29"),
      .equals(field: "personField", value: "li.na"), .equals(field: "booleanField", value: false),
      .oneOf(field: "choiceField", values: ["red"]), .atLeast(field: "moneyField", value: 1),
      .atMost(field: "numberField", value: 2), .before(field: "expectedClose", value: "2030-01-01"),
      .before(field: "dateField", value: "2030-01-01T08:00:00+08:00"), .evidence(kind: "document"),
      .feedback(withinDays: 3_650), .checklist, .amountWithin(limits: ["rep": 0, "manager": 5]),
      .not(.all([.checklist])),
    ] as [Criterion.Rule])
  func goodRules(_ rule: Criterion.Rule) {
    #expect(codes(of: rule) == [:])
  }

  @Test func aChecklistThatIsMeantMustBeThere() {
    let done = Criterion.checklistDone
    #expect(
      codes {
        $0.stages[0].checklist = []
        $0.stages[0].exitCriteria = [done]
        $0.stages[1].entryCriteria = [done]
      } == [
        "/stages/0/exitCriteria/0/rule/checklist": "no-checklist",
        "/stages/1/entryCriteria/0/rule/checklist": "no-checklist",
      ])
    // What is asked for on entry is the checklist of the stage that is left.
    #expect(codes { $0.stages[1].entryCriteria = [done] } == [:])
  }

  @Test func nestingIsBounded() {
    var rule = Criterion.Rule.checklist
    for _ in 0..<9 { rule = .not(rule) }
    #expect(codes(of: rule) == [:])
    let deep = codes(of: .not(rule))
    #expect(Array(deep.values) == ["too-deep"])
  }

  @Test func everyMessageIsInBothLanguages() {
    var definition = Templates.general
    definition.name.en = ""
    definition.stages[0].decider = .role("x")
    definition.stages[0].requiredFields = ["x"]
    definition.fields[0].choices = []
    let failures = DefinitionCheck.failures(of: definition)
    #expect(failures.count == 4)
    #expect(failures.allSatisfy { !$0.message.zh.isEmpty && !$0.message.en.isEmpty })
  }
}
