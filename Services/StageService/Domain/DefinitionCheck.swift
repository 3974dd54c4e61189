import Contracts

/// What makes a definition unusable; advice about a usable one is the linter's matter.
enum DefinitionCheck {
  static func failures(of definition: PipelineDefinition) -> [GateFailure] {
    var failures: [GateFailure] = []
    let keys = definition.stages.map(\.key)
    for (index, stage) in definition.stages.enumerated() {
      let pointer = "/definition/stages/\(index)"
      if !isKey(stage.key) {
        failures.append(
          .invalid(
            "\(pointer)/key", "invalid-key", zh: "只能由 1 至 60 个小写字母、数字和连字符组成",
            en: "must be 1 to 60 lower-case letters, digits and hyphens"))
      }
      if keys.firstIndex(of: stage.key) != index {
        failures.append(
          .invalid("\(pointer)/key", "duplicate-key", zh: "重复", en: "stands there twice"))
      }
      for (number, next) in (stage.next ?? []).enumerated() where !keys.contains(next) {
        failures.append(
          .invalid(
            "\(pointer)/next/\(number)", "unknown-stage", zh: "指向不存在的阶段“\(next)”",
            en: "names the stage “\(next)”, which is none of the definition's"))
      }
      if let probability = stage.probability, !(0...1).contains(probability) {
        failures.append(
          .invalid(
            "\(pointer)/probability", "out-of-range", zh: "须在 0 与 1 之间",
            en: "must lie between 0 and 1"))
      }
      for (name, days) in [
        ("followUpDays", stage.followUpDays), ("benchmarkDays", stage.benchmarkDays),
      ] {
        guard let days, !(days > 0 && days <= 3_650) else { continue }
        failures.append(
          .invalid(
            "\(pointer)/\(name)", "out-of-range", zh: "须大于 0 且不超过 3650",
            en: "must be above 0 and at most 3650"))
      }
    }
    if definition.entryStage == nil {
      failures.append(
        .invalid(
          "/definition/stages", "no-open-stage", zh: "至少要有一个进行中的阶段",
          en: "must hold at least one stage of the category open"))
    }
    if definition.stages.count > 50 {
      failures.append(
        .invalid(
          "/definition/stages", "too-many-stages", zh: "最多 50 个", en: "has more than 50 stages"))
    }
    return failures
  }

  static func isKey(_ key: String) -> Bool {
    (1...60).contains(key.utf8.count)
      && key.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
  }
}
