import ArgumentParser
import Contracts

extension ReportCommand {
  struct People: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows each person's deals, conversion, dwell, punctuality and activities.",
      discussion: """
        Of the period: closed deals, ended stays, deadlines and activities; without --from the 90 \
        days before its end. At its end: open deals and those past their follow-up deadline. The \
        order is that of names or of deals and never that of a rate, as differences may be chance.

        Examples:
          sluice report people --pipeline general
          sluice report people --pipeline general --team north --from 2026-01-01 --order deals
        """)

    enum Order: String, ExpressibleByArgument, CaseIterable {
      case name, deals
    }

    @Option(help: "Key of the pipeline; may be left out where there is only one.")
    var pipeline: String?

    @Option(
      help: ArgumentHelp(
        "The first instant of the period, or a day (UTC) with whose beginning it begins.",
        valueName: "2026-04-01"))
    var from: String?

    @Option(
      help: ArgumentHelp(
        "Business time: an instant, or a day (UTC) to whose end it counts.",
        valueName: "2026-06-30T12:00:00Z"))
    var asOf: String?

    @Option(help: "Only deals of this team.")
    var team: String?

    @Option(help: "Only deals of this person.")
    var owner: String?

    @Option(help: ArgumentHelp("In which order.", valueName: "name|deals"))
    var order: Order?

    @OptionGroup var output: FormatOption

    func validate() throws {
      for (option, text, instant) in [
        ("--as-of", asOf, Funnel.instant), ("--from", from, Self.beginning),
      ] {
        if let text, instant(text) == nil {
          throw ValidationError(
            "\(option) is \(text); it must be like 2026-06-30 or 2026-06-30T12:00:00Z")
        }
      }
    }

    func run() async throws {
      let query: [(String, String?)] = [
        ("pipeline", pipeline), ("from", from.flatMap(Self.beginning)?.description),
        ("asOf", asOf.flatMap(Funnel.instant)?.description), ("team", team), ("owner", owner),
        ("order", order?.rawValue),
      ]
      let path =
        "/v1/people?"
        + query.compactMap { name, value in
          value.map { "\(name)=\(ServiceClient.encode($0))" }
        }.joined(separator: "&")
      let answer = try await OperatorContext.load().forecasting()
        .get(path, as: PersonFigureAnswer.self)
      try output.show(answer) { PersonFigureTable.text(answer) }
    }

    static func beginning(_ text: String) -> Instant? {
      Instant(text) ?? Instant("\(text)T00:00:00Z")
    }
  }
}
