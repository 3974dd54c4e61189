import ArgumentParser
import Foundation

/// How a command shows its answer on standard output.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable, Sendable {
  case text, json
}

/// `--format text|json`, for every command that shows a table.
struct FormatOption: ParsableArguments {
  @Option(help: ArgumentHelp("How to show the answer.", valueName: "text|json"))
  var format = OutputFormat.text

  /// Prints `value` as JSON or the text, as the user asked.
  func show(_ value: some Encodable, text: () -> String) throws {
    switch format {
    case .text: Console.print(text())
    case .json: Console.print(try OutputFormat.json(value))
    }
  }
}

extension OutputFormat {
  /// JSON for people and programs: indented, sorted keys, slashes as they are.
  static func json(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
