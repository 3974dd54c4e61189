/// Rows for a spreadsheet (RFC 4180), in UTF-8.
struct CSVTable: Equatable, Sendable {
  var header: [String]
  /// Nil is an empty cell.
  var rows: [[String?]] = []

  var text: String {
    ([header] + rows).map { row in
      row.map(CSVTable.cell).joined(separator: ",") + "\r\n"
    }.joined()
  }

  /// A text that a spreadsheet would take for a formula gets an apostrophe before it.
  private static func cell(_ value: String?) -> String {
    guard var value else { return "" }
    if let first = value.first, "=+-@\t".contains(first), Double(value) == nil {
      value = "'" + value
    }
    guard value.utf8.contains(where: { [0x22, 0x2C, 0x0D, 0x0A].contains($0) }) else {
      return value
    }
    return "\"" + value.replacing("\"", with: "\"\"") + "\""
  }
}

extension Optional where Wrapped: CustomStringConvertible {
  /// As a cell; nil is an empty one.
  var cell: String? { map(\.description) }
}
