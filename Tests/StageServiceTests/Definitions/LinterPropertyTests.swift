import Contracts
import TestSupport
import Testing

@testable import StageService

@Suite struct LinterPropertyTests {
  /// Any definition can be checked, linted and compared, and the linter calls exactly those stages
  /// reachable that a new deal can be moved to, one move after the other.
  @Test func tenThousandDefinitions() throws {
    var random = Generator(seed: 5)
    var usable = 0
    var unreachable = 0
    var before: PipelineDefinition?
    for number in 0..<10_000 {
      let definition = PipelineDefinition.random(using: &random)
      let isUsable = DefinitionCheck.failures(of: definition).isEmpty
      if isUsable { usable += 1 }
      let linter = Linter(definition)
      let keys = Set(definition.stages.map(\.key))
      let findings = linter.findings
      #expect(findings.allSatisfy { $0.stage.map(keys.contains) ?? true }, "definition \(number)")
      #expect(
        findings.contains { $0.severity == .error }
          == !isUsable, "definition \(number)")
      #expect(linter.reachable == movable(in: definition), "definition \(number): \(definition)")
      #expect(
        Set(findings.filter { $0.code == "unreachable" }.compactMap(\.stage))
          == keys.subtracting(linter.reachable), "definition \(number)")
      unreachable += keys.count - linter.reachable.count
      guard number.isMultiple(of: 50) else { continue }
      let diff = DefinitionDiff(from: before, to: definition)
      #expect(Set(diff.added.map(\.stage)) == keys.subtracting(before?.stages.map(\.key) ?? []))
      before = definition
    }
    // The definitions were neither all good nor all bad.
    #expect(usable > 500)
    #expect(usable < 9_500)
    #expect(unreachable > 1_000)
  }

  /// Where real deals get by moves that the gate lets through, with nothing asked for on the way.
  private func movable(in definition: PipelineDefinition) -> Set<String> {
    var bare = definition
    bare.lossReasons = []
    for index in bare.stages.indices {
      bare.stages[index].entryCriteria = []
      bare.stages[index].exitCriteria = []
      bare.stages[index].requiredFields = []
      bare.stages[index].decider = nil
      bare.stages[index].deciders = [:]
    }
    let decider = Fixture.decider(definition: bare)
    let new = Fixture.command(.create(Fixture.new()))
    guard let created = decider.decide(new, on: nil).event, let first = Opportunity(created) else {
      return []
    }
    var found: Set = [first.stage]
    var waiting = [first]
    while let deal = waiting.popLast() {
      for key in Set(bare.stages.map(\.key)).subtracting(found) {
        let move = Fixture.command(.move(.init(to: key, reason: "price")))
        guard let event = decider.decide(move, on: deal).event else { continue }
        found.insert(key)
        waiting.append(deal.applying(event))
      }
    }
    return found
  }
}

extension PipelineDefinition {
  /// Mostly sound, sometimes not: keys that stand twice or nowhere, rules that fit no field, names
  /// that say nothing.
  fileprivate static func random(using random: inout Generator) -> PipelineDefinition {
    let count = Int.random(in: 0...7, using: &random)
    let keys = (0..<count).map { index in
      random.chance(0.03) ? "s0" : random.chance(0.02) ? "Bad Key" : "s\(index)"
    }
    var definition = PipelineDefinition(
      name: .random(using: &random), template: random.chance(0.5) ? random.template() : nil,
      fields: random.chance(0.5) ? [.budget, .customerNeeds, .source] : [],
      stages: keys.map { Stage.random($0, among: keys, using: &random) })
    if random.chance(0.1) { definition.lossReasons = [.price, .other] }
    return definition
  }
}

extension Stage {
  fileprivate static func random(
    _ key: String, among keys: [String], using random: inout Generator
  ) -> Stage {
    let categories: [StageCategory] = [.open, .open, .open, .open, .won, .lost, .postWin]
    var next: [String]? = random.chance(0.2) ? nil : keys.filter { _ in random.chance(0.3) }
    if random.chance(0.02) { next = (next ?? []) + ["nowhere"] }
    return Stage(
      key: key, name: .random(using: &random), category: random.pick(categories),
      entryCriteria: .random(using: &random), exitCriteria: .random(using: &random),
      requiredFields: random.chance(0.2)
        ? [random.pick(["budget", "owner", "customerNeeds"])] : [],
      probability: random.chance(0.5) ? Double.random(in: 0...1.02, using: &random) : nil,
      followUpDays: random.chance(0.5) ? Double.random(in: 0.1...9, using: &random) : nil,
      benchmarkDays: random.chance(0.5) ? Double.random(in: 0.1...9, using: &random) : nil,
      next: next, checklist: random.chance(0.3) ? [.item("a", "甲", "A")] : [],
      decider: random.chance(0.3) ? random.pick([.owner, .manager, .role("rep")]) : nil,
      deciders: random.chance(0.1) ? [random.pick(keys): .manager] : [:])
  }
}

extension [Criterion] {
  fileprivate static func random(using random: inout Generator) -> [Criterion] {
    (0..<random.pick([0, 0, 0, 1, 2])).map { number in
      .criterion("c\(number)", "条件", "Criterion", .random(depth: 0, using: &random))
    }
  }
}

extension Criterion.Rule {
  fileprivate static func random(depth: Int, using random: inout Generator) -> Criterion.Rule {
    let field = random.pick(["budget", "amount", "customerNeeds", "expectedClose", "source"])
    switch Int.random(in: 0...(depth < 3 ? 12 : 9), using: &random) {
    case 0, 1: return .filled(field: field)
    case 2:
      return .equals(field: field, value: random.pick(["a", 1, true, 2.5, "referral", .null]))
    case 3: return .oneOf(field: field, values: random.chance(0.8) ? ["referral", 7] : [])
    case 4: return .atLeast(field: field, value: 1)
    case 5: return .atMost(field: field, value: 1)
    case 6: return .before(field: field, value: random.pick(["2026-01-01", "soon"]))
    case 7: return .evidence(kind: random.pick(["document", ""]))
    case 8: return .feedback(withinDays: random.pick([7, -1]))
    case 9: return random.chance(0.5) ? .checklist : .amountWithin(limits: ["rep": 5])
    case 10: return .not(.random(depth: depth + 1, using: &random))
    default:
      let rules = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        Criterion.Rule.random(depth: depth + 1, using: &random)
      }
      return random.chance(0.5) ? .all(rules) : .any(rules)
    }
  }
}

extension LocalizedText {
  fileprivate static func random(using random: inout Generator) -> LocalizedText {
    random.pick([
      LocalizedText(zh: "发送报价", en: "Send quote"), LocalizedText(zh: "客户确认", en: "Confirmed"),
      LocalizedText(zh: "需求分析和方案制定", en: "Needs analysis, proposal"),
      LocalizedText(zh: "阶段", en: "Stage"), LocalizedText(zh: "洽谈", en: "Talks"),
      LocalizedText(zh: "é👩‍👩‍👧", en: "/~"),
    ])
  }
}

extension Generator {
  fileprivate mutating func chance(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &self) < probability
  }

  fileprivate mutating func pick<Value>(_ values: [Value]) -> Value {
    values[Int.random(in: values.indices, using: &self)]
  }

  fileprivate mutating func template() -> String { pick(Templates.all.map(\.key)) }
}
