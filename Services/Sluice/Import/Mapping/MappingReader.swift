import Contracts
import Foundation
import Yams

/// Turns the YAML of a mapping into a ``Mapping``, or says everything that is wrong with it.
struct MappingReader {
  private let file: String
  private var fields = YAMLFields()

  /// - Parameter argument: the name of a built-in mapping or the path of a file.
  static func load(_ argument: String) throws -> Mapping {
    try parse(text(of: argument), file: argument)
  }

  /// The YAML itself.
  static func text(of argument: String) throws -> String {
    if let text = BuiltInMapping(rawValue: argument)?.text { return text }
    guard FileManager.default.fileExists(atPath: argument) else {
      let names = BuiltInMapping.allCases.map(\.rawValue).joined(separator: ", ")
      throw OperatorFailure.usage(
        "there is no mapping \(argument): give one of \(names), or the path of a YAML file")
    }
    guard let text = try? String(contentsOfFile: argument, encoding: .utf8) else {
      throw OperatorFailure.usage("\(argument) cannot be read as text in UTF-8")
    }
    return text
  }

  static func parse(_ text: String, file: String) throws -> Mapping {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch {
      throw MappingError(
        file: file, problems: [.init(line: nil, message: "not YAML: \(describe(error))")])
    }
    guard let root else {
      throw MappingError(file: file, problems: [.init(line: nil, message: "the file is empty")])
    }
    var reader = MappingReader(file: file)
    let mapping = reader.read(root)
    guard let mapping, reader.fields.problems.isEmpty else {
      throw MappingError(file: file, problems: reader.fields.problems)
    }
    return mapping
  }

  private init(file: String) { self.file = file }

  private static func describe(_ error: any Error) -> String {
    OperatorFailure.describe(error)
  }

  private static let whole = "the mapping"

  private mutating func read(_ root: Node) -> Mapping? {
    let whole = MappingReader.whole
    let members = fields.members(
      root, of: whole,
      known: [
        "source", "pipeline", "timeZone", "dateFormat", "currency", "amountUnit", "stages",
        "opportunities", "entryStage", "history",
      ])
    _ = fields.required(members, "source", of: whole, in: root, expected: "such as acme-crm")
    let source = fields.value(
      members, "source", of: whole, expected: "letters, digits, dot, _ and -, 64 at most"
    ) { $0.wholeMatch(of: /[A-Za-z0-9._-]{1,64}/) == nil ? nil : $0 }
    let pipeline = readPipeline(members["pipeline"], root)
    let zone = fields.value(
      members, "timeZone", of: whole, expected: "the name of a time zone such as Asia/Shanghai",
      TimeZone.init(identifier:))
    _ = fields.required(
      members, "dateFormat", of: whole, in: root, expected: "such as yyyy-MM-dd HH:mm")
    let format = readDateFormat(members["dateFormat"])
    let unit = fields.value(
      members, "amountUnit", of: whole, expected: "major or minor", AmountText.Unit.init(rawValue:))
    let currency = fields.value(
      members, "currency", of: whole, expected: "an ISO 4217 code such as CNY"
    ) { Money.isCurrency($0) ? $0 : nil }
    let stages = readStages(members["stages"], root)
    let opportunities = readOpportunities(members["opportunities"], root)
    let history = readHistory(members["history"])
    if opportunities?.amount != nil, members["currency"] == nil {
      fields.refuse(root, "\(whole) has no key \"currency\", which the column of amounts needs")
    }
    let entry = fields.value(
      members, "entryStage", of: whole,
      expected: "the key of one of its stages: \(stages.map(\.key).joined(separator: ", "))"
    ) { key in stages.contains { $0.key == key } ? key : nil }
    guard let source, let pipeline, let format, let opportunities,
      let firstOpen = stages.first(where: { $0.category == .open })
    else { return nil }
    return Mapping(
      source: source, pipelineKey: pipeline.key, pipelineName: pipeline.name,
      timeZone: zone ?? .gmt, dateFormat: format, currency: currency, amountUnit: unit ?? .major,
      stages: stages, opportunities: opportunities, entryStage: entry ?? firstOpen.key,
      history: history)
  }

  private mutating func readPipeline(
    _ node: Node?, _ root: Node
  ) -> (key: String, name: LocalizedText)? {
    guard let node else {
      fields.refuse(root, "the mapping has no key \"pipeline\" ({key, name: {en, zh}})")
      return nil
    }
    let members = fields.members(node, of: "pipeline", known: ["key", "name"])
    _ = fields.required(members, "key", of: "pipeline", in: node, expected: "such as acme")
    guard let key = readKey(members, of: "pipeline") else { return nil }
    return (key, readName(members["name"], of: "pipeline", default: key))
  }

  private mutating func readKey(_ members: [String: Node], of path: String) -> String? {
    fields.value(
      members, "key", of: path, expected: "lower-case letters, digits and -, 60 at most"
    ) { $0.wholeMatch(of: /[a-z0-9][a-z0-9-]{0,59}/) == nil ? nil : $0 }
  }

  private mutating func readName(
    _ node: Node?, of path: String, default text: String
  ) -> LocalizedText {
    guard let node else { return LocalizedText(zh: text, en: text) }
    let members = fields.members(node, of: "\(path): name", known: ["en", "zh"])
    let english = fields.optional(members, "en", of: "\(path): name", expected: "a text")
    let chinese = fields.optional(members, "zh", of: "\(path): name", expected: "a text")
    return LocalizedText(zh: chinese ?? english ?? text, en: english ?? text)
  }

  private mutating func readDateFormat(_ node: Node?) -> DatePattern? {
    guard let node, let text = node.scalar?.string, !text.isEmpty else { return nil }
    do {
      return try DatePattern(text)
    } catch {
      fields.refuse(
        node,
        "dateFormat \"\(text)\": \(error.message); it is made of yyyy, MM, dd, HH, mm, ss and what "
          + "stands between them")
      return nil
    }
  }

  private mutating func readStages(_ node: Node?, _ root: Node) -> [Mapping.StageMapping] {
    let form = "stages must be a list of {from, key, category, name?}"
    guard let node, let items = node.sequence, !items.isEmpty else {
      fields.refuse(node ?? root, form)
      return []
    }
    var stages: [Mapping.StageMapping] = []
    for item in items {
      let members = fields.members(
        item, of: "a stage", known: ["from", "key", "category", "name"])
      let from = fields.required(
        members, "from", of: "a stage", in: item, expected: "the stage's name in the file")
      _ = fields.required(members, "key", of: "a stage", in: item, expected: "such as closed-won")
      _ = fields.required(
        members, "category", of: "a stage", in: item, expected: "open, won, lost or post-win")
      let category = fields.value(
        members, "category", of: "a stage", expected: "open, won, lost or post-win",
        StageCategory.init(rawValue:))
      guard let from, let key = readKey(members, of: "a stage"), let category else { continue }
      if stages.contains(where: { $0.from == from }) {
        fields.refuse(item, "stages: \"\(from)\" is mapped twice; keep one of the two")
      }
      if stages.contains(where: { $0.key == key }) {
        fields.refuse(item, "stages: the key \(key) stands twice; keys are unique in a pipeline")
      }
      stages.append(
        .init(
          from: from, key: key, category: category,
          name: readName(members["name"], of: "a stage", default: from)))
    }
    if !stages.contains(where: { $0.category == .open }), stages.count == items.count {
      fields.refuse(node, "stages: at least one must have the category open")
    }
    return stages
  }

  private mutating func readOpportunities(
    _ node: Node?, _ root: Node
  ) -> Mapping.OpportunityColumns? {
    guard let node else {
      fields.refuse(
        root, "the mapping has no key \"opportunities\" ({id, name, account, stage, …})")
      return nil
    }
    let path = "opportunities"
    let members = fields.members(
      node, of: path,
      known: [
        "id", "name", "account", "owner", "team", "stage", "openedAt", "closedAt", "amount",
      ])
    func column(_ fields: inout YAMLFields, _ key: String) -> String? {
      fields.optional(members, key, of: path, expected: "the name of a column")
    }
    let id = fields.required(members, "id", of: path, in: node, expected: "the name of a column")
    let stage = fields.required(
      members, "stage", of: path, in: node, expected: "the name of a column")
    let name = fields.texts(members, "name", of: path)
    guard let id, let stage else { return nil }
    return Mapping.OpportunityColumns(
      id: id, name: name, account: column(&fields, "account"), owner: column(&fields, "owner"),
      team: column(&fields, "team"), stage: stage, openedAt: column(&fields, "openedAt"),
      closedAt: column(&fields, "closedAt"), amount: column(&fields, "amount"))
  }

  private mutating func readHistory(_ node: Node?) -> Mapping.HistoryColumns? {
    guard let node else { return nil }
    let path = "history"
    let expected = "the name of a column"
    let members = fields.members(node, of: path, known: ["id", "at", "stage", "order"])
    let id = fields.required(members, "id", of: path, in: node, expected: expected)
    let at = fields.required(members, "at", of: path, in: node, expected: expected)
    let stage = fields.required(members, "stage", of: path, in: node, expected: expected)
    let order = fields.optional(members, "order", of: path, expected: expected)
    guard let id, let at, let stage else { return nil }
    return Mapping.HistoryColumns(id: id, at: at, stage: stage, order: order)
  }
}
