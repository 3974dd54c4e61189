import Contracts
import Foundation
import Kafka
import Synchronization
import Testing

@testable import Sluice

@Suite struct OperationsLagWatchTests {
  private static let start = Instant("2026-11-23T09:00:00Z")!

  /// A group that stands at `position` of a log that ends at `end`.
  private static func report(
    _ position: Int64?, of end: Int64, name: String = "sluice-forecasting"
  ) -> LagReport {
    let next = (position ?? 0) < end
    let row = PartitionLag(
      TopicPartition(topic: "t", partition: 0), log: Watermarks(low: 0, high: end),
      stored: position, committed: position,
      next: next ? .message(offset: position ?? 0, timestamp: start) : .none,
      now: start.adding(seconds: 5))
    let described = ConsumerGroupDescription(name: name, state: "Stable", members: 1)
    return LagReport(
      clusterId: "c", groups: [LagReport.Group(name, described, partitions: [row])])
  }

  private func trend(_ looks: [(position: Int64?, end: Int64)], size: Int = 5) -> LagTrend {
    var history = LagHistory(size: size)
    for (index, look) in looks.enumerated() {
      history.add(
        Self.report(look.position, of: look.end), at: Self.start.adding(seconds: Double(index)))
    }
    return history.trend(of: "sluice-forecasting")
  }

  @Test func oneLookIsNoTrend() {
    #expect(trend([(3, 9)]) == LagTrend())
    #expect(trend([(9, 9)]).secondsToCatchUp == 0)
    #expect(LagHistory().trend(of: "x") == LagTrend())
  }

  @Test func ratesAndTheTimeToCatchUp() {
    let falling = trend([(0, 1_000), (300, 1_100), (600, 1_200)])
    #expect(
      falling
        == LagTrend(
          consumedPerSecond: 300, producedPerSecond: 100, direction: .falling,
          secondsToCatchUp: 3))
    let rising = trend([(0, 10), (5, 40)])
    #expect(rising.direction == .rising)
    #expect(rising.secondsToCatchUp == nil)
    #expect(trend([(4, 4), (9, 9)]).direction == .steady)
  }

  @Test func onlyTheLastLooksCount() {
    #expect(trend([(0, 900), (900, 900), (900, 900)], size: 2).consumedPerSecond == 0)
  }

  @Test func offsetsThatWereSetBackAreNoRate() {
    let back = trend([(900, 900), (0, 900)])
    #expect((back.consumedPerSecond, back.direction) == (0, .rising))
    #expect(trend([(nil, 9), (5, 9)]).consumedPerSecond == 0)
    #expect(trend([(nil, 9), (nil, 12)]).producedPerSecond == 3)
  }

  private func tick(_ report: LagReport?, failure: String? = nil) -> LagTick {
    LagTick(
      at: Self.start.adding(seconds: 61), report: report,
      reportAt: report.map { _ in Self.start }, trends: [:], failure: failure)
  }

  @Test func aWideFrameShowsEverything() {
    let lines = LagFrame(tick(Self.report(4, of: 9))).lines(width: 200, height: 50)
    #expect(lines[0] == "09:01:01Z  lag on cluster c")
    #expect(lines[1].contains("members") && lines[1].contains("catch up"))
    #expect(lines[3].contains("sluice-forecasting") && lines[3].contains("1 member"))
    #expect(lines.contains { $0.contains("t[0]") })
  }

  @Test(arguments: [1, 8, 30, 44, 79, 120]) func noLineIsWiderThanTheTerminal(_ width: Int) {
    var report = Self.report(4, of: 9)
    report.remarks = ["主题不存在，请运行 sluice topics ensure 来创建它们，然后再试一次"]
    let frame = LagFrame(tick(report, failure: "Kafka cannot be reached: it is gone"))
    for line in frame.lines(width: width, height: 40) {
      #expect(TextWidth.of(line) <= width)
    }
    let titles = frame.lines(width: width)[3]
    if width >= 44 { #expect(titles.contains("oldest")) }
    #expect(titles.contains("members") == (width >= 79))
  }

  @Test func aLowTerminalSaysHowMuchIsLeftOut() {
    let report = LagReport(
      clusterId: "c", groups: (0..<20).flatMap { Self.report(1, of: 3, name: "g\($0)").groups })
    let lines = LagFrame(tick(report)).lines(width: 80, height: 6)
    #expect(lines.count == 6)
    #expect(lines[5].hasSuffix("more lines"))
    #expect(LagFrame(tick(report)).lines(width: 80, height: 0).count == 2)
  }

  @Test func aFailureNamesTheAgeOfWhatIsShown() {
    let lines = LagFrame(tick(Self.report(9, of: 9), failure: "no broker")).lines()
    #expect(lines[1] == "! no broker")
    #expect(lines[2] == "! these figures are of 09:00:00Z")
    #expect(LagFrame(tick(nil, failure: "no broker")).lines() == ["09:01:01Z  lag", "! no broker"])
  }

  @Test func everyTickIsOneJSONObject() throws {
    struct Line: Decodable {
      struct Group: Decodable {
        struct Trend: Decodable { var secondsToCatchUp: Double? }
        var group: String
        var lagMessages: Int64
        var activity: String
        var trend: Trend
      }
      var at: Instant
      var groups: [Group]?
      var error: String?
    }
    func decode(_ tick: LagTick) throws -> Line {
      let text = LagLines.line(tick)
      #expect(!text.contains("\n"))
      return try JSONCoding.decode(Line.self, from: Array(text.utf8))
    }
    let good = try decode(tick(Self.report(4, of: 9)))
    #expect(good.groups?.map(\.lagMessages) == [5])
    #expect(good.groups?[0].activity == "active")
    let bad = try decode(tick(Self.report(4, of: 9), failure: "no broker"))
    #expect(bad.error == "no broker" && bad.groups == nil)
  }

  private final class Recorder: LagView {
    let ticks = Mutex<[LagTick]>([])
    func show(_ tick: LagTick) { ticks.withLock { $0.append(tick) } }
    func end() {}
  }

  @Test(.timeLimit(.minutes(1))) func aBrokerThatIsGoneDoesNotEndTheWatch() async throws {
    let calls = Mutex(0)
    let clock = Mutex(Self.start)
    let view = Recorder()
    let watch = LagWatch(interval: .milliseconds(1)) {
      let call = calls.withLock { calls in
        calls += 1
        return calls
      }
      if call == 1 || call == 3 {
        throw KafkaError(.transport, "all brokers are down")
      }
      return Self.report(Int64(call) * 10, of: 100)
    } now: {
      clock.withLock { now in
        now = now.adding(seconds: 0.5)
        return now
      }
    }
    await watch.run(showing: view, looks: 4)
    let ticks = view.ticks.withLock { $0 }
    #expect(ticks.map { $0.failure == nil } == [false, true, false, true])
    #expect(ticks[0].report == nil)
    #expect(ticks[0].failure?.contains("KAFKA_BOOTSTRAP_SERVERS") == true)
    // The last figures are still there, with their own time.
    #expect(ticks[2].reportAt == ticks[1].at)
    #expect((ticks[3].trends["sluice-forecasting"]?.consumedPerSecond ?? 0) > 0)
  }

  @Test func intervalsThatMakeNoSenseAreRefused() async {
    for wrong in ["0", "-1", "soon", "99999"] {
      #expect(await SluiceCommand.run(["lag", "--interval", wrong]) == .usage)
      #expect(await SluiceCommand.run(["lag-exporter", "--interval", wrong]) == .usage)
    }
    #expect(await SluiceCommand.run(["lag-exporter", "--address", "9308"]) == .usage)
  }
}
