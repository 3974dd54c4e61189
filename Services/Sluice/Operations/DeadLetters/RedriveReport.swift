/// What a re-drive did.
struct RedriveReport: Encodable, Sendable {
  struct Item: Encodable, Sendable {
    var position: LetterPosition
    var topic: String
    var key: String?
    var eventId: String?
    /// How often the message has been re-driven, this time counted.
    var count: Int
    /// Partition and offset in the topic; null in a dry run.
    var delivered: String?
  }

  struct Failure: Encodable, Sendable {
    var item: Item
    var error: String
    /// The broker will never take it.
    var isLasting: Bool
  }

  struct Remark: Encodable, Sendable {
    var position: LetterPosition
    var why: String
  }

  var isDryRun: Bool
  /// Acknowledged by the broker; in a dry run what would be sent.
  var redriven: [Item] = []
  var failed: [Failure] = []
  /// Left out although they matched.
  var skipped: [Remark] = []
  /// Sent, but the note of it could not be written.
  var unremembered: [Remark] = []

  init(isDryRun: Bool) { self.isDryRun = isDryRun }

  var status: ExitStatus {
    if failed.contains(where: { !$0.isLasting }) || !unremembered.isEmpty { return .unavailable }
    return failed.isEmpty ? .well : .differences
  }

  func text() -> String {
    var lines: [String] = []
    if !redriven.isEmpty || !failed.isEmpty {
      var table = TextTable([
        .left("letter"), .left("to"), .left("lies at"), .right("time"), .left("key"),
        .left("event"), .left(""),
      ])
      for item in redriven { table.add(row(item, "")) }
      for failure in failed { table.add(row(failure.item, "not sent: \(failure.error)")) }
      lines.append(table.render())
    }
    for remark in skipped { lines.append("left out \(remark.position): \(remark.why)") }
    for remark in unremembered {
      lines.append(
        "\(remark.position) was sent, but that could not be noted (\(remark.why)): --all would send "
          + "it again, under the same event id")
    }
    lines.append(sum)
    return lines.joined(separator: "\n")
  }

  private func row(_ item: Item, _ remark: String) -> [String] {
    [
      item.position.description, item.topic, item.delivered ?? "-", "\(item.count).",
      item.key ?? "-", item.eventId ?? "-", remark,
    ]
  }

  private var sum: String {
    if redriven.isEmpty, failed.isEmpty { return "nothing to re-drive" }
    let count = redriven.count == 1 ? "1 message" : "\(redriven.count) messages"
    let rest = failed.isEmpty ? "" : ", \(failed.count) failed"
    return isDryRun ? "\(count) would be sent; nothing was" : "\(count) sent\(rest)"
  }
}
