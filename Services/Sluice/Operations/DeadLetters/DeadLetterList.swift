import Contracts

/// What `sluice dead-letters list` shows.
struct DeadLetterList: Encodable, Sendable {
  /// Of those that match: how many there are, and how many have not been re-driven.
  var total: Int
  var waiting: Int
  /// Messages on the topic that are no dead letters at all.
  var strangers: Int
  /// The newest last.
  var items: [BuriedLetter]

  init(
    _ box: DeadLetterBox, _ criteria: DeadLetterFilter.Criteria, onlyWaiting: Bool, limit: Int
  ) {
    let letters = box.letters(criteria).filter { !onlyWaiting || !$0.isRedriven }
    total = letters.count
    waiting = letters.count { !$0.isRedriven }
    strangers = box.strangers
    items = letters.suffix(limit)
  }

  func text() -> String {
    var lines: [String] = []
    if items.isEmpty {
      lines.append("no dead letters")
    } else {
      lines.append(table.render())
      lines.append("")
      let more = items.count < total ? "the newest \(items.count) of " : ""
      let letters = total == 1 ? "1 dead letter" : "\(total) dead letters"
      let waits = waiting == 1 ? "1 waits" : "\(waiting) wait"
      lines.append("\(more)\(letters), \(waits) to be re-driven")
    }
    if strangers > 0 {
      lines.append("note: \(strangers) messages on the topic are no dead letters")
    }
    return lines.joined(separator: "\n")
  }

  private var table: TextTable {
    var table = TextTable([
      .left("letter"), .left("buried"), .left("group"), .left("origin"), .left("key"),
      .left("re-driven"), .left("reason"),
    ])
    for letter in items {
      table.add(
        letter.position.description, letter.buriedAt.map(DeadLetterList.time) ?? "?",
        letter.group ?? "-", letter.origin.text, letter.key ?? "-",
        letter.redrives.last.map { "\(letter.redriveCount)× \(DeadLetterList.time($0.at))" }
          ?? (letter.redriveCount > 0 ? "\(letter.redriveCount)× before" : "-"),
        "\(letter.reasonCode): \(letter.reason)")
    }
    return table
  }

  /// `2026-11-23 09:30:00Z`
  static func time(_ instant: Instant) -> String {
    let text = instant.description
    return "\(text.prefix(10)) \(text.dropFirst(11).prefix(8))Z"
  }
}

extension BuriedLetter.Origin {
  /// `sluice.stage-commands.v1:3:17`
  var text: String {
    [topic, partition.map { "\($0)" }, offset.map { "\($0)" }].compactMap { $0 }
      .joined(separator: ":")
  }
}
