import Contracts
import Foundation

/// A tick as lines of text. Pure.
struct LagFrame {
  private let tick: LagTick

  init(_ tick: LagTick) { self.tick = tick }

  /// - Parameters:
  ///   - width: columns that there are; columns of the table that do not fit are left out, the least
  ///     telling first, and what is still too long is cut.
  ///   - height: lines that there are.
  func lines(width: Int? = nil, height: Int? = nil) -> [String] {
    var lines = [head]
    if let failure = tick.failure {
      lines.append("! \(failure)")
      if let seen = tick.reportAt { lines.append("! these figures are of \(LagFrame.time(seen))") }
    }
    if let report = tick.report {
      lines += summary(report, width)
      let partitions = remarkable(report)
      if !partitions.isEmpty { lines += [""] + partitions }
      let notes = report.groups.compactMap(\.remark) + report.remarks
      lines += notes.isEmpty ? [] : [""] + notes.map { "note: \($0)" }
    }
    if let height, lines.count > max(2, height) {
      let shown = max(2, height) - 1
      lines = lines.prefix(shown) + ["… \(lines.count - shown) more lines"]
    }
    return width.map { width in lines.map { LagFrame.cut($0, to: width) } } ?? lines
  }

  private var head: String {
    "\(LagFrame.time(tick.at))  lag" + (tick.report.map { " on cluster \($0.clusterId)" } ?? "")
  }

  /// One row for each group, the most telling columns first.
  private func summary(_ report: LagReport, _ width: Int?) -> [String] {
    let columns: [TextTable.Column] = [
      .left("group"), .right("lag"), .right("oldest"), .left("trend"), .right("catch up"),
      .right("read/s"), .right("written/s"), .left("members"), .right("lost"),
    ]
    let rows = report.groups.map { group in
      let trend = tick.trends[group.group] ?? LagTrend()
      return [
        group.group, String(group.lagMessages),
        group.lagSeconds.map(LagReport.seconds) ?? "?", trend.direction?.rawValue ?? "",
        LagFrame.catchUp(trend), LagFrame.rate(trend.consumedPerSecond),
        LagFrame.rate(trend.producedPerSecond), group.presence, String(group.lostMessages),
      ]
    }
    for count in stride(from: columns.count, through: 3, by: -1) {
      var table = TextTable(Array(columns.prefix(count)))
      for row in rows { table.add(row) }
      let lines = table.lines()
      let widest = lines.map(TextWidth.of).max() ?? 0
      if widest <= width ?? .max || count == 3 { return lines }
    }
    return []
  }

  /// The farthest behind first, and in each row what tells most.
  private func remarkable(_ report: LagReport) -> [String] {
    let rows = report.groups.flatMap { group in
      group.partitions.filter(\.isRemarkable).map { (group: group.group, lag: $0) }
    }.sorted { left, right in
      (right.lag.lagMessages, left.lag.topic, left.lag.partition, left.group)
        < (left.lag.lagMessages, right.lag.topic, right.lag.partition, right.group)
    }
    guard !rows.isEmpty else { return [] }
    var table = TextTable([
      .right("lag"), .right("age"), .left("group"), .left("partition"), .right("stored"),
      .right("log end"), .left(""),
    ])
    for (group, lag) in rows {
      table.add(
        String(lag.lagMessages), lag.lagSeconds.map(LagReport.seconds) ?? "?", group,
        "\(lag.topic)[\(lag.partition)]", lag.stored.map(String.init) ?? "-", String(lag.logEnd),
        lag.remark)
    }
    return table.lines()
  }

  private static func catchUp(_ trend: LagTrend) -> String {
    if let seconds = trend.secondsToCatchUp {
      return seconds == 0 ? "-" : LagReport.seconds(seconds)
    }
    return trend.direction == nil ? "" : "never"
  }

  private static func rate(_ value: Double?) -> String {
    value.map { $0 < 10 ? "\(($0 * 10).rounded() / 10)" : "\(Int($0.rounded()))" } ?? ""
  }

  /// `09:30:00Z`
  private static func time(_ instant: Instant) -> String {
    instant.description.dropFirst(11).prefix(8) + "Z"
  }

  /// At most `width` columns of a terminal.
  static func cut(_ line: String, to width: Int) -> String {
    guard TextWidth.of(line) > width else { return line }
    var cut = ""
    var used = 0
    for character in line {
      let next = TextWidth.of(String(character))
      guard used + next < width else { break }
      cut.append(character)
      used += next
    }
    return width > 0 ? cut + "…" : ""
  }
}

extension TextTable {
  fileprivate func lines() -> [String] { render().components(separatedBy: "\n") }
}
