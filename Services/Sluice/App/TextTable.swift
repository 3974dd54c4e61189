/// A table of aligned columns for a terminal.
struct TextTable {
  enum Alignment: Sendable { case left, right }

  struct Column: Sendable {
    var title: String
    var alignment: Alignment

    static func left(_ title: String) -> Column { Column(title: title, alignment: .left) }
    static func right(_ title: String) -> Column { Column(title: title, alignment: .right) }
  }

  var columns: [Column]
  private(set) var rows: [[String]] = []

  init(_ columns: [Column]) { self.columns = columns }

  /// Cells beyond the columns are dropped, missing ones are empty. What is no character of a line
  /// (line breaks, escape codes out of somebody's file) becomes a space.
  mutating func add(_ cells: [String]) {
    rows.append(
      cells.map { cell in
        String(cell.map { $0.unicodeScalars.contains(where: TextTable.isControl) ? " " : $0 })
      })
  }

  mutating func add(_ cells: String...) { add(cells) }

  /// The lines without a line break at the end: titles, a rule, the rows.
  func render() -> String {
    let widths = columns.indices.map { index in
      rows.reduce(TextWidth.of(columns[index].title)) {
        max($0, index < $1.count ? TextWidth.of($1[index]) : 0)
      }
    }
    // Sentences in the last column may run on beyond the rule.
    let rule = widths.enumerated().map { index, width in
      String(repeating: "─", count: index + 1 == widths.count ? min(width, 60) : width)
    }
    let lines = ([columns.map(\.title), rule] + rows).map { line($0, widths) }
    return lines.joined(separator: "\n")
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.generalCategory == .control
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    let padded = columns.indices.map { index in
      let text = index < cells.count ? cells[index] : ""
      let padding = String(repeating: " ", count: widths[index] - TextWidth.of(text))
      return columns[index].alignment == .left ? text + padding : padding + text
    }
    let line = padded.joined(separator: "  ")
    return String(line.reversed().drop { $0 == " " }.reversed())
  }
}

/// How many columns of a terminal a text takes.
enum TextWidth {
  static func of(_ text: String) -> Int { text.reduce(0) { $0 + of($1) } }

  /// East Asian wide and full-width characters and emoji take two.
  private static func of(_ character: Character) -> Int {
    guard let scalar = character.unicodeScalars.first else { return 0 }
    if scalar.properties.isEmojiPresentation { return 2 }
    return wide.contains { $0.contains(scalar.value) } ? 2 : 1
  }

  /// The ranges W and F of Unicode's East Asian Width that text really holds.
  private static let wide: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19,
    0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
    0x20000...0x2FFFD, 0x30000...0x3FFFD,
  ]
}
