import Contracts
import Testing

@testable import Sluice

@Suite struct ImportTestsMapping {
  /// The example of the documentation.
  static let example = """
    source: acme-crm                      # prefix of external ids
    pipeline: {key: acme, name: {en: Acme sales, zh: 某某销售}}
    timeZone: UTC
    dateFormat: yyyy-MM-dd
    currency: USD
    amountUnit: major                     # or minor
    stages:
      - {from: Prospecting, key: prospecting, category: open}
      - {from: Engaging, key: engaging, category: open}
      - {from: Won, key: won, category: won}
      - {from: Lost, key: lost, category: lost}
    opportunities: {id: opportunity_id, name: [account, product], account: account, owner: sales_agent, stage: deal_stage, openedAt: engage_date, closedAt: close_date, amount: close_value}
    entryStage: engaging                  # flat lists: where a deal was from openedAt to closedAt
    history: {id: OppID, at: CreatedDate, stage: StageName, order: SortOrder}   # only where there is a history file
    """

  private func problems(_ text: String) -> [MappingError.Problem] {
    do {
      _ = try MappingReader.parse(text, file: "x.yaml")
      return []
    } catch let error as MappingError {
      return error.problems
    } catch {
      Issue.record(error)
      return []
    }
  }

  private func problems(replacing old: String, with new: String) -> [MappingError.Problem] {
    problems(ImportTestsMapping.example.replacing(old, with: new))
  }

  @Test func exampleIsRead() throws {
    let mapping = try MappingReader.parse(ImportTestsMapping.example, file: "x.yaml")
    #expect(mapping.source == "acme-crm")
    #expect(mapping.pipelineName == LocalizedText(zh: "某某销售", en: "Acme sales"))
    #expect(mapping.stages.map(\.key) == ["prospecting", "engaging", "won", "lost"])
    #expect(mapping.stages[0].name == LocalizedText(zh: "Prospecting", en: "Prospecting"))
    #expect(mapping.opportunities.name == ["account", "product"])
    #expect(mapping.history?.order == "SortOrder")
    #expect(mapping.entryStage == "engaging")
    #expect(mapping.definition.entryStage?.key == "prospecting")
  }

  @Test(arguments: BuiltInMapping.allCases) func builtInsAreValid(_ builtIn: BuiltInMapping) throws
  {
    let mapping = try MappingReader.load(builtIn.rawValue)
    #expect((mapping.history != nil) == (builtIn == .salesforceHistory))
    #expect(mapping.stages.allSatisfy { $0.name.en == $0.from })
  }

  @Test func unknownKeyNamesItsLineAndTheKnownOnes() {
    let found = problems(replacing: "amountUnit: major", with: "amountUnits: major")
    #expect(found.count == 1)
    #expect(found.first?.line == 6)
    #expect(
      found.first?.message.hasPrefix("unknown key \"amountUnits\"; known are source,") == true)
  }

  @Test func unknownKeyOfAStage() {
    let found = problems(replacing: "key: won, category: won", with: "key: won, kind: won")
    #expect(found.contains { $0.message.contains("a stage: unknown key \"kind\"") })
    #expect(found.contains { $0.line == 10 && $0.message.contains("no key \"category\"") })
  }

  @Test(arguments: [
    ("from: Engaging,", "from: Won,", "\"Won\" is mapped twice"),
    ("key: engaging,", "key: won,", "the key won stands twice"),
    ("category: won", "category: closed", "open, won, lost or post-win"),
    ("key: engaging,", "key: Engaging!,", "lower-case letters"),
    ("timeZone: UTC", "timeZone: Mars/Base", "name of a time zone"),
    ("dateFormat: yyyy-MM-dd", "dateFormat: d.M.yy", "dateFormat \"d.M.yy\""),
    ("currency: USD", "currency: dollar", "ISO 4217"),
    ("currency: USD\n", "", "no key \"currency\""),
    ("amountUnit: major", "amountUnit: cents", "major or minor"),
    ("entryStage: engaging", "entryStage: nowhere", "one of its stages: prospecting, engaging"),
    ("source: acme-crm", "source: \"a|b\"", "source is \"a|b\""),
    ("source: acme-crm", "source:", "source must be"),
    ("pipeline: {key: acme, name", "pipeline: {name", "pipeline has no key \"key\""),
    ("id: opportunity_id, ", "", "opportunities has no key \"id\""),
    ("at: CreatedDate, ", "", "history has no key \"at\""),
    ("name: [account, product]", "name: []", "name of a column or a list"),
    ("category: open", "category: lost", "at least one must have the category open"),
  ])
  func mistakes(old: String, new: String, expected: String) {
    let found = problems(replacing: old, with: new)
    #expect(found.contains { $0.message.contains(expected) && $0.line != nil })
  }

  @Test func allMistakesAtOnce() {
    let text = ImportTestsMapping.example.replacing("UTC", with: "X").replacing("USD", with: "x")
    #expect(problems(text).count == 2)
  }

  @Test(arguments: ["", "- a\n- b", "a: [", "a: 1\na: 2"]) func noMapping(text: String) {
    #expect(!problems(text).isEmpty)
  }

  @Test func unknownMappingIsAUsageError() throws {
    let failure = #expect(throws: OperatorFailure.self) { try MappingReader.load("salesforce") }
    #expect(failure?.status == .usage)
    #expect(failure?.message.contains("salesforce-history, flat") == true)
    let folder = try TemporaryFolder()
    let path = try folder.write("m.yaml", [0xFF, 0xFE, 0x00] as [UInt8])
    #expect(throws: OperatorFailure.self) { try MappingReader.load(path) }
  }

  @Test func errorTextNamesFileAndLine() {
    let error = MappingError(file: "m.yaml", problems: [.init(line: 3, message: "no")])
    #expect(error.explanation == "the mapping m.yaml is not usable:\n  line 3: no")
    #expect(error.status == .usage)
  }
}
