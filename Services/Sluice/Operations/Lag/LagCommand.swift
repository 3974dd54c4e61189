import ArgumentParser
import Contracts
import Foundation

struct LagCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lag",
    abstract: "Shows how far each consumer group is behind, in messages and in seconds.",
    discussion: """
      What counts is the offset that the service stores in PostgreSQL together with the effect; the \
      one committed to Kafka follows it. The age is that of the next message to process. Where \
      nothing is stored yet, a group begins at the oldest message. Transaction markers and aborted \
      messages at the end of a log are no lag, as nobody receives them.

      --watch goes on until Ctrl-C: in place on a terminal, one block after the other elsewhere, \
      with --format json one line with one object each time. Rates are those of the last five \
      looks. A broker or database that cannot be reached is named and asked again.

      Examples:
        sluice lag
        sluice lag --group forecasting --format json
        sluice lag --watch --interval 2
      """)

  @Option(help: "One group, in full or by its service, such as forecasting.")
  var group: String?

  @Flag(help: "Show also the partitions without lag.")
  var allPartitions = false

  @Flag(help: "Look again and again, with rates and the time to catch up.")
  var watch = false

  @Option(help: ArgumentHelp("Seconds between two looks of --watch.", valueName: "seconds"))
  var interval = 1.0

  @OptionGroup var output: FormatOption

  func validate() throws {
    guard (0.1...3_600).contains(interval) else {
      throw ValidationError("--interval is \(interval); it must be 0.1 to 3600 seconds")
    }
  }

  func run() async throws {
    let context = try OperatorContext.load()
    let groups = try ReaderGroup.find(group, topicPrefix: try context.topicPrefix)
    let source = try LagSource(context, groups, timeout: .seconds(watch ? 3 : 10))
    do {
      if watch {
        await keepWatching(source)
      } else {
        let report = try await source.report()
        try output.show(report) { report.text(everything: allPartitions) }
      }
    } catch {
      await source.close()
      throw error
    }
    await source.close()
  }

  private func keepWatching(_ source: LagSource) async {
    let view: any LagView =
      switch output.format {
      case .json: LagLines()
      case .text where Terminal.isThere: LagScreen(interval: interval)
      case .text: LagBlocks()
      }
    // Questions to a broker that is gone take seconds to give up; nobody waits for them.
    let ending = Task {
      for await _ in Terminal.interrupts() { break }
      view.end()
      Console.exit(.well)
    }
    defer { ending.cancel() }
    await LagWatch(interval: .seconds(interval), sample: { try await source.report() })
      .run(showing: view)
    view.end()
  }
}
