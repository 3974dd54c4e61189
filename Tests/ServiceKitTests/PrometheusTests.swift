import CoreMetrics
import Foundation
import ServiceKit
import Testing

@Suite struct PrometheusTests {
  /// A registry with one of each kind.
  private func populated() -> PrometheusRegistry {
    let registry = PrometheusRegistry()
    registry.describe("orders", help: "Orders\nso far, with a \\ in it.")
    registry.describe("batch_size", help: "Messages per batch.", buckets: [10, 1, 100, .infinity])
    registry.describe("moves", help: "Time of a move.")
    Counter(label: "orders", dimensions: [("team", "a\"b\\c\nd")], factory: registry).increment()
    Counter(label: "orders", dimensions: [("team", "商机")], factory: registry).increment(by: 41)
    FloatingPointCounter(label: "cost", dimensions: [], factory: registry).increment(by: 0.5)
    Gauge(label: "depth", dimensions: [], factory: registry).record(2.5)
    let meter = Meter(label: "active", dimensions: [], factory: registry)
    meter.increment(by: 3)
    meter.decrement(by: 1)
    let recorder = Recorder(label: "batch_size", factory: registry)
    for size in [1, 2, 10, 11, 1000] { recorder.record(size) }
    CoreMetrics.Timer(label: "moves", dimensions: [("to", "won")], factory: registry)
      .recordNanoseconds(3_000_000)
    return registry
  }

  @Test func everyKindIsExposed() throws {
    let page = try ExpositionPage(populated().exposition())
    #expect(page.value("orders_total", ["team": "a\"b\\c\nd"]) == 1)
    #expect(page.value("orders_total", ["team": "商机"]) == 41)
    #expect(page.value("cost_total") == 0.5)
    #expect(page.value("depth") == 2.5)
    #expect(page.value("active") == 2)
    #expect(page.types["orders_total"] == "counter")
    #expect(page.types["moves_seconds"] == "histogram")
    #expect(page.help["orders_total"] == #"Orders\nso far, with a \\ in it."#)
    #expect(page.value("moves_seconds_bucket", ["to": "won", "le": "0.0025"]) == 0)
    #expect(page.value("moves_seconds_bucket", ["to": "won", "le": "0.005"]) == 1)
    #expect(page.value("moves_seconds_sum", ["to": "won"]) == 0.003)
  }

  @Test func bucketsAreCumulative() throws {
    let page = try ExpositionPage(populated().exposition())
    let counts = ["1", "10", "100", "+Inf"].map { page.value("batch_size_bucket", ["le": $0]) }
    #expect(counts == [1, 3, 4, 5])
    #expect(page.value("batch_size_count") == 5)
    #expect(page.value("batch_size_sum") == 1024)
  }

  @Test func theOrderIsStable() {
    func page() -> [Substring] {
      String(decoding: populated().exposition(), as: UTF8.self).split(separator: "\n")
        .filter { !$0.contains("process_") }
    }
    let first = page()
    for _ in 0..<5 { #expect(page() == first) }
  }

  @Test func theProcessIsMeasured() throws {
    let page = try ExpositionPage(PrometheusRegistry().exposition())
    for name in [
      "process_cpu_seconds_total", "process_resident_memory_bytes", "process_virtual_memory_bytes",
      "process_open_fds", "process_max_fds", "process_threads", "process_start_time_seconds",
    ] {
      #expect(try #require(page.value(name)) > 0, "\(name)")
    }
    let start = try #require(page.value("process_start_time_seconds"))
    #expect(abs(start - Date().timeIntervalSince1970) < 86_400)
  }

  @Test func conflictsKeepTheFirst() throws {
    let registry = PrometheusRegistry()
    Counter(label: "a_total", dimensions: [("x", "1")], factory: registry).increment()
    Counter(label: "a", dimensions: [("y", "1")], factory: registry).increment()
    Gauge(label: "a_total", dimensions: [("x", "1")], factory: registry).record(9)
    Gauge(label: "a_total", dimensions: [("x", "2")], factory: registry).record(9)
    let page = try ExpositionPage(registry.exposition())
    #expect(page.samples.filter { $0.name.hasPrefix("a_") }.count == 1)
    #expect(page.value("a_total", ["x": "1"]) == 1)
  }

  @Test func theNumberOfSeriesIsBounded() throws {
    let registry = PrometheusRegistry(seriesLimit: 20)
    for index in 0..<30 {
      Counter(label: "a", dimensions: [("id", "\(index)")], factory: registry).increment()
    }
    let page = try ExpositionPage(registry.exposition())
    #expect(page.samples.filter { $0.name == "a_total" }.count == 20)
  }

  @Test func strangeNamesAreMadeValid() throws {
    let registry = PrometheusRegistry()
    Gauge(label: "1st.metric-name", dimensions: [("a-b", "v"), ("a.b", "w")], factory: registry)
      .record(1)
    Recorder(label: "sizes", dimensions: [("le", "x")], factory: registry).record(1)
    let page = try ExpositionPage(registry.exposition())
    #expect(page.value("_1st_metric_name", ["a_b": "v"]) == 1)
    #expect(page.value("sizes_count", ["le_": "x"]) == 1)
  }

  @Test func aSeriesCanVanish() throws {
    let registry = PrometheusRegistry()
    let lag = Gauge(label: "lag", dimensions: [("partition", "1")], factory: registry)
    lag.record(5)
    for partition in ["2", "3"] {
      Gauge(
        label: "lag", dimensions: [("partition", partition)], factory: registry
      ).record(7)
    }
    Counter(label: "seen", dimensions: [("partition", "2")], factory: registry).increment()
    lag.destroy()
    registry.removeSeries("lag", labels: [("partition", "2")])
    registry.removeSeries("seen", labels: [("partition", "2")])
    let page = try ExpositionPage(registry.exposition())
    #expect(page.samples.filter { $0.name == "lag" }.map(\.labels) == [["partition": "3"]])
    #expect(page.types["seen_total"] == nil)
    Gauge(label: "lag", dimensions: [("partition", "1")], factory: registry).record(1)
    #expect(try ExpositionPage(registry.exposition()).value("lag", ["partition": "1"]) == 1)
  }

  @Test func hooksRunBeforeAScrape() throws {
    let registry = PrometheusRegistry()
    registry.onScrape { Gauge(label: "fresh", dimensions: [], factory: registry).record(4) }
    #expect(try ExpositionPage(registry.exposition()).value("fresh") == 4)
  }

  @Test func concurrentRecordingLosesNothing() async throws {
    let registry = PrometheusRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            Counter(label: "hits", dimensions: [("a", "b")], factory: registry).increment()
            Recorder(label: "size", factory: registry).record(1)
            Meter(label: "level", dimensions: [], factory: registry).increment(by: 1)
          }
        }
      }
    }
    let page = try ExpositionPage(registry.exposition())
    #expect(page.value("hits_total", ["a": "b"]) == 8000)
    #expect(page.value("size_count") == 8000)
    #expect(page.value("level") == 8000)
  }

  private static let promtool = (ProcessInfo.processInfo.environment["PATH"] ?? "")
    .split(separator: ":").map { "\($0)/promtool" }
    .first { FileManager.default.isExecutableFile(atPath: $0) }

  @Test(.enabled(if: promtool != nil, "promtool is not on PATH"))
  func promtoolAgrees() async throws {
    let page = Data(populated().exposition())
    let process = Process()
    process.executableURL = URL(filePath: try #require(Self.promtool))
    process.arguments = ["check", "metrics"]
    let input = Pipe()
    let output = Pipe()
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: page)
    try input.fileHandleForWriting.close()
    let complaints = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(complaints)")
  }
}
