import Foundation
import ServiceKit
import Testing

@testable import Sluice

/// The configuration tables of the README against what the code declares.
@Suite struct ReadmeTests {
  @Test func theTableOfTheServicesIsWhatTheyRead() throws {
    #expect(try Self.table(under: "### The services") == ConfigurationKeys.all.map(Row.init))
  }

  @Test func theTableOfTheCommandLineIsWhatItReadsBeside() throws {
    #expect(try Self.table(under: "### The command line") == OperatorKeys.all.map(Row.init))
  }

  private struct Row: Equatable, CustomStringConvertible {
    let description: String

    init(line: String) { description = line }

    init(_ key: ConfigurationKey) {
      let value =
        switch key.defaultValue {
        case nil: "—"
        case "": "empty"
        case let text?: "`\(text)`"
        }
      description = "| `\(key.name)` | \(value) | \(key.summary) |"
    }
  }

  /// The rows between a heading and the next, without the head of the table.
  private static func table(under heading: String) throws -> [Row] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../README.md")
    let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n")
    let start = try #require(lines.firstIndex(of: heading), "the README has no \(heading)")
    return lines[(start + 1)...].prefix { !$0.hasPrefix("#") }
      .filter { $0.hasPrefix("| `") }.map(Row.init(line:))
  }
}
