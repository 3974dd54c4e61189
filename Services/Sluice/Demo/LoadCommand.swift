import ArgumentParser
import Contracts

struct LoadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "load",
    abstract: "Fills an installation with data to try it on.",
    discussion: """
      Example:
        sluice load demo
      """,
    subcommands: [LoadDemoCommand.self])
}

struct LoadDemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Loads a believable year of deals: three trades, four teams.",
    discussion: """
      Makes the pipelines software, manufacturing and services and sends the history of their deals \
      through import-commands, as an import does. The deals are the same for the same seed; loading \
      them again doubles nothing. Another seed adds other deals.

      Then comes today, in the pipeline general: activities that move deals or wait for a review, \
      follow-ups that become due within a minute, and one message that cannot be read. It needs \
      activity-ingest; --no-today leaves it out.

      Example:
        sluice load demo --deals 500 --seed 7
      """)

  @Option(help: "Another seed makes other deals.")
  var seed: UInt64 = 1

  @Option(help: "How many deals to make, 1 to 100000.")
  var deals = 2_000

  @Option(help: ArgumentHelp("When the year ends; now unless given.", valueName: "instant"))
  var until: String?

  @Flag(inversion: .prefixedNo, help: "Make what happens today as well.")
  var today = true

  @OptionGroup var output: FormatOption

  func validate() throws {
    guard (1...100_000).contains(deals) else {
      throw ValidationError("--deals must be from 1 to 100000")
    }
    if let until, Instant(until) == nil {
      throw ValidationError("--until must be an instant such as 2026-11-23T09:30:00Z")
    }
  }

  func run() async throws {
    let plan = DemoPlan(
      seed: seed, deals: deals, now: until.flatMap(Instant.init(_:)) ?? .now())
    let context = try OperatorContext.load()
    let loader = try CommandLoader(context, source: "/sluice/demo")
    let result = try await loader.load(
      pipelines: plan.pipelines, commands: plan.commands, title: "Loading the demo")
    let isNewDay = today ? try await DemoDayLoader(context, now: .now()).load() : false
    let report = DemoReport(plan: plan, result: result, isNewDay: isNewDay)
    try output.show(report) { report.text() }
    if !result.refused.isEmpty { throw ExitStatus.differences }
  }
}

/// What `sluice load demo` did.
private struct DemoReport: Encodable {
  let pipelines: [String]
  let deals: Int
  let commands: Int
  let result: DeliveryOutcome
  /// Whether today's deals and activities were sent by this run.
  let isNewDay: Bool

  init(plan: DemoPlan, result: DeliveryOutcome, isNewDay: Bool) {
    pipelines = plan.pipelines.map(\.key)
    deals = plan.deals
    commands = plan.commands.count
    self.result = result
    self.isNewDay = isNewDay
  }

  func text() -> String {
    var table = TextTable([.left("demo: \(pipelines.joined(separator: ", "))"), .right("count")])
    table.add("deals", String(deals))
    table.add("commands", String(commands))
    for (name, count) in result.rows { table.add(name, String(count)) }
    var text = table.render()
    if result.changedNothing { text += "\n\nNothing changed: the demo was there already." }
    if isNewDay {
      text += "\n\nToday's activities are on their way; two follow-ups become due in half a minute."
    }
    if let refusals = result.refusalTable() { text += "\n\n" + refusals }
    return text
  }
}
