import ArgumentParser
import Foundation
import TestSupport

@main
struct Benchmarks: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sluice-bench",
    abstract: "Measures what Sluice does in a given time, each figure beside its floor.",
    discussion: """
      Servers and services are processes of their own, made for each figure and ended after it. One \
      JSON line per figure goes to standard output as soon as it is known, and a table at the end.

      KAFKA_HOME names an unpacked Apache Kafka; without it the embedded broker serves, which cannot \
      hold enough messages for some of the figures: those are skipped and say so.
      """)

  @Argument(help: "Which figures to measure; all unless named.")
  var figures: [FigureName] = FigureName.allCases.filter(\.isOfUsualRun)

  @Option(help: "Multiplies the amounts of data; 1 is what the figures are defined by.")
  var scale = 1.0

  @Option(help: ArgumentHelp("Where figures.jsonl and the plots go.", valueName: "folder"))
  var output = ".local/bench"

  func validate() throws {
    guard (0.001...10).contains(scale) else {
      throw ValidationError("--scale must be from 0.001 to 10, not \(scale)")
    }
  }

  func run() async throws {
    let report = try Report(folder: output)
    for name in FigureName.allCases where figures.contains(name) {
      let bench = Bench(name: name, scale: scale, report: report)
      if name.needsRealKafka, !bench.isRealKafka {
        report.skip(name, because: "needs a real Kafka")
        continue
      }
      announce("\(name.rawValue): \(name.title)")
      try await name.measure(bench)
    }
    try report.finish()
  }
}

/// For whoever watches; the figures are on standard output.
func announce(_ text: String) {
  FileHandle.standardError.write(Data("\(text)\n".utf8))
}

/// What a figure is measured with.
struct Bench: Sendable {
  let name: FigureName
  let scale: Double
  let report: Report

  var isRealKafka: Bool { Broker.home != nil }

  /// So many of something at this scale, but at least ten.
  func count(_ full: Int) -> Int { max(10, Int((Double(full) * scale).rounded())) }
}
