import ArgumentParser
import Contracts

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Takes over deals and their history from the CSV export of another system.",
    discussion: """
      Every row is checked before anything is written, and every bad one is shown with its line and \
      the reason. The deals keep their original times; running the same import again changes \
      nothing. It goes through the same gate as every other change: what the gate would have \
      refused is imported too and carries the reasons as violations.

      A deal without the date on which its stage began is imported too: it counts in its stage, but \
      in no figure about time. A deal that has a history stands where its history ends.

      A mapping says which columns and stages an export has. Two are built in: salesforce-history \
      (the exports of Opportunity and OpportunityHistory) and flat (one row per deal).

      Examples:
        sluice import --mapping salesforce-history \\
          --opportunities opportunity.csv --history opportunity-history.csv
        sluice import --mapping flat --print-mapping > mine.yaml    # then edit mine.yaml
        sluice import --mapping mine.yaml --opportunities deals.csv --dry-run
      """)

  @Option(help: ArgumentHelp("A built-in mapping or a YAML file.", valueName: "name|file"))
  var mapping: String

  @Option(help: ArgumentHelp("CSV with one row per stage that a deal entered.", valueName: "file"))
  var history: String?

  @Option(help: ArgumentHelp("CSV with one row per deal.", valueName: "file"))
  var opportunities: String?

  @Flag(help: "Leave out the deals that have bad rows, and import the others.")
  var skipBad = false

  @Flag(help: "Check everything, show what would be done, write nothing.")
  var dryRun = false

  @Flag(help: "Print the mapping's YAML and do nothing else.")
  var printMapping = false

  @OptionGroup var output: FormatOption

  func run() async throws {
    if printMapping { return Console.print(try MappingReader.text(of: mapping)) }
    let mapping = try MappingReader.load(mapping)
    let sources = ImportSources(opportunities: opportunities, history: history)
    try sources.check(against: mapping, named: self.mapping)
    let plan = try sources.plan(mapping, now: .now())
    var report = ImportReport(plan: plan, isDryRun: dryRun)
    let isBlocked = plan.errors.contains { !skipBad || $0.kind.concernsWholeFile }
    if !isBlocked, !dryRun {
      let context = try OperatorContext.load()
      let loader = try CommandLoader(context, source: "/sluice/import/\(mapping.source)")
      report.result = try await loader.load(
        pipelines: [.init(key: plan.pipelineKey, definition: plan.definition)],
        commands: plan.commands, title: "Importing")
    }
    report.isBlocked = isBlocked
    try output.show(report) { report.text() }
    if isBlocked {
      throw OperatorFailure.differences(
        "\(report.badRows) bad rows; nothing was written")
    }
    if report.result?.refused.isEmpty == false { throw ExitStatus.differences }
  }
}
