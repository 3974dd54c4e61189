import Foundation
import Synchronization

/// Says every figure as it comes, keeps them in a file, and sums them up.
final class Report: Sendable {
  let folder: URL
  private let figures = Mutex<[Figure]>([])
  private let skipped = Mutex<[SkippedFigure]>([])

  init(folder: String) throws {
    self.folder = URL(filePath: folder, directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    try Data().write(to: lines)
  }

  private var lines: URL { folder.appending(path: "figures.jsonl") }

  func add(_ figure: Figure) {
    figures.withLock { $0.append(figure) }
    say(figure)
  }

  func skip(_ name: FigureName, because reason: String) {
    let line = SkippedFigure(skipped: reason, name: name.rawValue)
    skipped.withLock { $0.append(line) }
    say(line)
  }

  private func say(_ line: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(line) else { return }
    FileHandle.standardOutput.write(data + Data("\n".utf8))
    guard let file = try? FileHandle(forWritingTo: lines) else { return }
    file.seekToEndOfFile()
    file.write(data + Data("\n".utf8))
    try? file.close()
  }

  /// The table of everything that was measured.
  func finish() throws {
    var rows = [["figure", "value", "unit", "floor", "ratio", "aim"]]
    for figure in figures.withLock({ $0 }) {
      rows.append([
        figure.name, Report.text(figure.value), figure.unit,
        figure.floor.map { "\($0.name): \(Report.text($0.value))" } ?? "",
        figure.ratio.map { Report.text($0) } ?? "", figure.aim ?? "",
      ])
    }
    for line in skipped.withLock({ $0 }) { rows.append([line.name, "", line.skipped, "", "", ""]) }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let table = rows.map { row in
      zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
        .joined(separator: "  ").trimmingCharacters(in: .whitespaces)
    }
    let text = "\n\(table.joined(separator: "\n"))\n\nKept in \(lines.path)\n"
    FileHandle.standardOutput.write(Data(text.utf8))
  }

  private static func text(_ value: Double) -> String {
    value >= 100 ? String(Int64(value.rounded())) : String(value)
  }
}
