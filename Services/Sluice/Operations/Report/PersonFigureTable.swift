import Contracts

/// The figures of people, for people.
enum PersonFigureTable {
  static func text(_ answer: PersonFigureAnswer) -> String {
    var table = TextTable([
      .left("owner"), .left("team"), .right("open"), .right("won"), .right("lost"),
      .right("conversion"), .left("95 %"), .right("with the team's"), .left("against the team"),
      .right("forwards"), .right("back"), .right("mean dwell"), .right("on time"),
      .right("forgotten"), .right("activities"),
    ])
    for person in answer.people {
      table.add(
        person.owner ?? "-", person.team ?? "-", String(person.openDeals), String(person.won),
        String(person.lost), percent(person.conversion.rate), interval(person.conversion),
        percent(person.shrunk.rate), verdict(person.shrunk.verdict), String(person.advanced),
        String(person.back),
        person.dwell.meanEndedDays.map { "\(($0 * 10).rounded() / 10) d" } ?? "-",
        share(person.followUps), share(person.forgotten), String(person.activities))
    }
    var lines = [
      "pipeline \(answer.pipeline), \(answer.period.from) to \(answer.period.to)",
      answer.about.en, answer.about.zh, "", table.render(),
    ]
    if answer.people.isEmpty { lines.append("nobody has a deal here") }
    if let behind = answer.freshness.behind, behind > 0 {
      let age = answer.freshness.lagSeconds.map { ", oldest \(LagReport.seconds($0))" } ?? ""
      lines.append("note: \(behind) events are not counted yet\(age)")
    }
    return lines.joined(separator: "\n")
  }

  private static func percent(_ rate: Double?) -> String {
    rate.map { "\(Int(($0 * 100).rounded())) %" } ?? "-"
  }

  private static func interval(_ share: PersonFigureAnswer.Share) -> String {
    guard let low = share.low, let high = share.high else { return "-" }
    return "\(Int((low * 100).rounded())) to \(percent(high))"
  }

  private static func share(_ share: PersonFigureAnswer.Share) -> String {
    share.rate.map { "\(percent($0)) of \(share.total)" } ?? "-"
  }

  private static func verdict(_ verdict: String?) -> String {
    switch verdict {
    case "higher": "higher"
    case "lower": "lower"
    case nil: "-"
    default: "can't tell"
    }
  }
}
