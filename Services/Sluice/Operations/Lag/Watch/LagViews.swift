import Contracts
import Foundation
import Synchronization

/// One JSON object a line.
struct LagLines: LagView {
  private struct Line: Encodable {
    struct Group: Encodable {
      var group: LagReport.Group
      var trend: LagTrend

      private enum Key: String, CodingKey { case trend }

      func encode(to encoder: any Encoder) throws {
        try group.encode(to: encoder)
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(trend, forKey: .trend)
      }
    }

    var at: Instant
    var clusterId: String?
    var groups: [Group]?
    var remarks: [String]?
    var error: String?
  }

  func show(_ tick: LagTick) { Console.print(LagLines.line(tick)) }

  func end() {}

  /// A failed look has an `error` and no figures.
  static func line(_ tick: LagTick) -> String {
    var line = Line(at: tick.at, error: tick.failure)
    if tick.failure == nil, let report = tick.report {
      line.clusterId = report.clusterId
      line.remarks = report.remarks
      line.groups = report.groups.map {
        Line.Group(group: $0, trend: tick.trends[$0.group] ?? LagTrend())
      }
    }
    let bytes = (try? JSONCoding.encode(line)) ?? []
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Plain blocks, one below the other.
struct LagBlocks: LagView {
  func show(_ tick: LagTick) {
    Console.print(LagFrame(tick).lines().joined(separator: "\n") + "\n")
  }

  func end() {}
}

/// One frame in place, on the terminal's other screen.
final class LagScreen: LagView {
  private let interval: Double
  private let last = Mutex<LagTick?>(nil)

  init(interval: Double) { self.interval = interval }

  func show(_ tick: LagTick) {
    let isFirst = last.withLock { last in
      defer { last = tick }
      return last == nil
    }
    let (width, height) = Terminal.size()
    var lines = LagFrame(tick).lines(width: width, height: height - 1)
    lines.append(LagFrame.cut("every \(LagReport.seconds(interval)), Ctrl-C ends", to: width))
    Console.show(
      (isFirst ? Terminal.enterScreen : "") + Terminal.home
        + lines.map { $0 + Terminal.clearLine }.joined(separator: "\r\n") + Terminal.clearBelow)
  }

  /// What was seen last stays on the ordinary screen.
  func end() {
    let tick = last.withLock { last in
      defer { last = nil }
      return last
    }
    guard let tick else { return }
    Console.show(Terminal.leaveScreen)
    let (width, height) = Terminal.size()
    Console.print(
      LagFrame(tick).lines(width: width, height: height - 1).joined(separator: "\n"))
  }
}
