import Foundation

/// A CSV file with a header whose columns are found by name.
struct CSVTable: Sendable {
  /// The name of the file without its folders, for messages.
  let file: String
  let columns: [String]
  /// The rows that have as many fields as the header and no broken quotes.
  let rows: [Row]
  /// The others. Their fields are kept as far as they go.
  let badRows: [(row: Row, reason: String)]
  private let document: CSVDocument

  struct Row: Sendable {
    fileprivate let record: CSVDocument.Record
    /// The physical line it begins on, from 1; the header is usually line 1.
    var line: Int { record.line }
  }

  /// - Throws: ``ImportProblem`` of the kind that no row survives: encoding, quotes, no header.
  static func read(path: String) throws -> CSVTable {
    let file = URL(fileURLWithPath: path).lastPathComponent
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw OperatorFailure.usage("\(path) cannot be read: \(error.localizedDescription)")
    }
    guard data.count < UInt32.max else {
      throw OperatorFailure.usage("\(path) is larger than 4 GiB; split it into several files")
    }
    return try CSVTable(file: file, bytes: Array(data))
  }

  init(file: String, bytes: [UInt8]) throws {
    if let fault = TextEncoding.fault(in: bytes) {
      throw ImportProblem(file, fault.line, .wrongEncoding, fault.message)
    }
    let document: CSVDocument
    do {
      document = try CSVDocument(bytes)
    } catch {
      throw ImportProblem(
        file, error.line, .unclosedQuote,
        "a field of the row that begins here opens with a quote that never ends; close it, or "
          + "double the quotes inside it")
    }
    guard let header = document.records.first else {
      throw ImportProblem(
        file, 1, .emptyFile, "the file is empty; its first line must name the columns")
    }
    let columns = document.texts(header)
    var rows: [Row] = []
    var badRows: [(row: Row, reason: String)] = []
    rows.reserveCapacity(document.records.count)
    for (index, record) in document.records.enumerated().dropFirst() {
      let row = Row(record: record)
      if let flaw = document.flaws[index] {
        badRows.append((row, CSVTable.explain(flaw, columns)))
      } else if record.fieldCount != columns.count {
        badRows.append(
          (row, "the row has \(record.fieldCount) fields, the header \(columns.count)"))
      } else {
        rows.append(row)
      }
    }
    self.file = file
    self.columns = columns
    self.rows = rows
    self.badRows = badRows
    self.document = document
  }

  func text(_ row: Row, _ column: Int) -> String { document.text(row.record, column) }

  /// The columns' places by name.
  ///
  /// - Throws: ``ImportProblem`` that names all that are missing, and those that are there.
  func places(of names: [String]) throws(ImportProblem) -> [String: Int] {
    var places: [String: Int] = [:]
    var repeated: Set<String> = []
    for (index, name) in columns.enumerated() {
      if places.updateValue(index, forKey: name) != nil { repeated.insert(name) }
    }
    let twice = names.filter(repeated.contains)
    guard twice.isEmpty else {
      throw ImportProblem(
        file, 1, .missingColumn,
        "the header names \(twice.joined(separator: ", ")) more than once; which one is meant?")
    }
    let missing = names.filter { places[$0] == nil }
    guard !missing.isEmpty else { return places }
    var message =
      "missing columns: \(missing.joined(separator: ", ")); the file has: "
      + columns.joined(separator: ", ")
    if columns.count == 1, columns[0].contains(where: { ";\t|".contains($0) }) {
      message +=
        "; its columns seem to be separated by something else than commas: save it as CSV "
        + "with commas"
    } else {
      message += "; correct the names in the mapping or in the header"
    }
    throw ImportProblem(file, 1, .missingColumn, message)
  }

  private static func explain(_ flaw: CSVDocument.Flaw, _ columns: [String]) -> String {
    func name(_ column: Int) -> String {
      column < columns.count ? columns[column] : "column \(column + 1)"
    }
    return switch flaw {
    case .textAfterQuote(let column):
      "\(name(column)) has text after its closing quote; double the quotes inside the field"
    case .quoteInsideField(let column):
      "\(name(column)) has a quote inside a field without quotes; put the whole field in quotes and "
        + "double those inside"
    }
  }
}
