import ArgumentParser
import Contracts

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "Shows figures of the sales pipelines.",
    discussion: "Example: sluice report funnel --pipeline general",
    subcommands: [Funnel.self, People.self], defaultSubcommand: Funnel.self)

  struct Funnel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows how many deals stand in each stage, and how they moved on.",
      discussion: """
        Conversion is the share of the stays that ended with a move forwards. Deals whose entry \
        into their stage is not known count, but have no dwell.

        Examples:
          sluice report funnel --pipeline general
          sluice report funnel --pipeline general --team north --as-of 2026-06-30
        """)

    @Option(help: "Key of the pipeline; may be left out where there is only one.")
    var pipeline: String?

    @Option(
      help: ArgumentHelp(
        "Business time: an instant, or a day (UTC) to whose end it counts.",
        valueName: "2026-06-30T12:00:00Z"))
    var asOf: String?

    @Option(help: "Only deals of this team.")
    var team: String?

    @Option(help: "Only deals of this person.")
    var owner: String?

    @OptionGroup var output: FormatOption

    func validate() throws {
      if let asOf, Self.instant(asOf) == nil {
        throw ValidationError(
          "--as-of is \(asOf); it must be like 2026-06-30 or 2026-06-30T12:00:00Z")
      }
    }

    func run() async throws {
      let query: [(String, String?)] = [
        ("pipeline", pipeline), ("asOf", asOf.flatMap(Self.instant)?.description), ("team", team),
        ("owner", owner),
      ]
      let path =
        "/v1/funnel?"
        + query.compactMap { name, value in
          value.map { "\(name)=\(ServiceClient.encode($0))" }
        }.joined(separator: "&")
      let answer = try await OperatorContext.load().forecasting()
        .get(path, as: FunnelAnswer.self)
      try output.show(answer) { FunnelTable.text(answer) }
    }

    static func instant(_ text: String) -> Instant? {
      Instant(text) ?? Instant("\(text)T23:59:59.999999Z")
    }
  }
}
