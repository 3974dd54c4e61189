import Contracts
import Foundation

/// How the columns of an export become deals; read from YAML by ``MappingReader``.
struct Mapping: Sendable {
  struct StageMapping: Hashable, Sendable {
    /// The stage's name in the file.
    var from: String
    var key: String
    var category: StageCategory
    var name: LocalizedText
  }

  struct OpportunityColumns: Hashable, Sendable {
    var id: String
    /// Their values, joined by a space, name the deal; none: its id does.
    var name: [String]
    var account: String?
    var owner: String?
    var team: String?
    var stage: String
    var openedAt: String?
    var closedAt: String?
    var amount: String?

    var all: [String] {
      [id] + name + [account, owner, team, stage, openedAt, closedAt, amount].compactMap(\.self)
    }
  }

  struct HistoryColumns: Hashable, Sendable {
    var id: String
    var at: String
    var stage: String
    /// A whole number that orders rows of the same time.
    var order: String?

    var all: [String] { [id, at, stage] + (order.map { [$0] } ?? []) }
  }

  /// Prefix of the external ids, and part of what every identity is derived from.
  var source: String
  var pipelineKey: String
  var pipelineName: LocalizedText
  var timeZone: TimeZone
  var dateFormat: DatePattern
  /// Of the amounts; nil only where no amount is read.
  var currency: String?
  var amountUnit: AmountText.Unit
  /// In the order of the pipeline.
  var stages: [StageMapping]
  var opportunities: OpportunityColumns
  /// Key of the stage in which a deal of a flat list was from its opening to its closing.
  var entryStage: String
  var history: HistoryColumns?

  /// The pipeline that the import makes: every stage may follow every other.
  var definition: PipelineDefinition {
    PipelineDefinition(
      name: pipelineName,
      stages: stages.map { Stage(key: $0.key, name: $0.name, category: $0.category) })
  }

  func stage(from name: String) -> StageMapping? { stages.first { $0.from == name } }

  /// What an unknown stage is answered with.
  func explainUnknownStage(_ name: String) -> String {
    let key = name.lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "-" }.joined()
    let known = stages.map { "\"\($0.from)\"" }.joined(separator: ", ")
    return "stage \"\(name)\" is not in the mapping, which knows \(known); add a line such as "
      + "- {from: \"\(name)\", key: \(key), category: open} to its stages (sluice import --mapping "
      + "NAME --print-mapping > FILE.yaml writes a built-in one to a file)"
  }
}

/// Everything that is wrong with a mapping, at once.
struct MappingError: OperatorError, Hashable {
  struct Problem: Hashable {
    /// From 1; nil where the whole file is meant.
    var line: Int?
    var message: String
  }

  var file: String
  var problems: [Problem]

  var status: ExitStatus { .usage }

  var explanation: String {
    "the mapping \(file) is not usable:\n"
      + problems.map { "  \($0.line.map { "line \($0): " } ?? "")\($0.message)" }
      .joined(separator: "\n")
  }
}
