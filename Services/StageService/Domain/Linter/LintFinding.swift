import Contracts

/// One remark of the linter on a definition.
struct LintFinding: Codable, Hashable, Sendable {
  /// `error`: the definition cannot be published. `warning`: probably a mistake. `advice`: works, but
  /// could be better.
  enum Severity: String, Codable, CaseIterable, Sendable { case error, warning, advice }

  var severity: Severity
  var code: String
  /// Key of the stage that is meant; nil for the definition as a whole.
  var stage: String?
  /// JSON pointer into the definition.
  var pointer: String
  var message: LocalizedText
}

extension LintFinding {
  /// What makes the definition unusable, as a finding.
  init(_ failure: GateFailure, in definition: PipelineDefinition) {
    let parts = failure.pointer.split(separator: "/")
    let index = parts.count > 1 && parts[0] == "stages" ? Int(parts[1]) : nil
    self.init(
      severity: .error, code: failure.code, stage: index.map { definition.stages[$0].key },
      pointer: failure.pointer, message: failure.message)
  }
}
