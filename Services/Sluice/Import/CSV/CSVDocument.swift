/// A parsed CSV file (RFC 4180): the fields stay in the file's own bytes until they are asked for.
struct CSVDocument: Sendable {
  /// A field that opens with a quote and never ends; the rest of the file is in it.
  struct UnclosedQuote: Error, Hashable { var line: Int }

  /// A row that breaks the rules of quoting, but whose end is known.
  enum Flaw: Hashable, Sendable {
    case textAfterQuote(column: Int)
    case quoteInsideField(column: Int)
  }

  struct Record: Sendable {
    /// The physical line it begins on, from 1.
    let line: Int
    fileprivate let firstField: Int
    let fieldCount: Int
  }

  private let bytes: [UInt8]
  private let fields: [Field]
  private(set) var records: [Record]
  /// By the index of the record.
  let flaws: [Int: Flaw]

  fileprivate struct Field {
    var start: UInt32
    var end: UInt32
    /// Whether doubled quotes stand for single ones.
    var hasEscapes: Bool
  }

  /// - Parameter bytes: UTF-8; a byte-order mark is skipped. Empty lines are skipped.
  init(_ bytes: [UInt8]) throws(UnclosedQuote) {
    var scanner = CSVScanner(skipping: bytes.starts(with: TextEncoding.byteOrderMark) ? 3 : 0)
    let unclosed = bytes.withUnsafeBufferPointer { scanner.scan($0) }
    if let unclosed { throw unclosed }
    self.bytes = bytes
    fields = scanner.fields
    records = scanner.records
    flaws = scanner.flaws
  }

  /// The field without white space around it; empty where the record is too short.
  func text(_ record: Record, _ column: Int) -> String {
    guard column < record.fieldCount else { return "" }
    let field = fields[record.firstField + column]
    var start = Int(field.start)
    var end = Int(field.end)
    while start < end, bytes[start] <= UInt8(ascii: " ") { start += 1 }
    while end > start, bytes[end - 1] <= UInt8(ascii: " ") { end -= 1 }
    let text = String(decoding: bytes[start..<end], as: UTF8.self)
    return field.hasEscapes ? text.replacing("\"\"", with: "\"") : text
  }

  func texts(_ record: Record) -> [String] { (0..<record.fieldCount).map { text(record, $0) } }
}

/// Finds the fields of a file in one pass over its bytes.
private struct CSVScanner {
  private(set) var fields: [CSVDocument.Field] = []
  private(set) var records: [CSVDocument.Record] = []
  private(set) var flaws: [Int: CSVDocument.Flaw] = [:]
  private var index: Int
  private var line = 1

  init(skipping start: Int) { index = start }

  /// Returns where a quote was left open.
  mutating func scan(_ bytes: UnsafeBufferPointer<UInt8>) -> CSVDocument.UnclosedQuote? {
    while index < bytes.count {
      if isLineEnd(bytes[index]) {
        skipLineEnd(bytes)
        continue
      }
      let startLine = line
      let firstField = fields.count
      while true {
        if index < bytes.count, bytes[index] == quote {
          guard quoted(bytes, column: fields.count - firstField) else {
            return CSVDocument.UnclosedQuote(line: startLine)
          }
        } else {
          plain(bytes, column: fields.count - firstField)
        }
        guard index < bytes.count, bytes[index] == comma else { break }
        index += 1
      }
      skipLineEnd(bytes)
      records.append(
        CSVDocument.Record(
          line: startLine, firstField: firstField, fieldCount: fields.count - firstField))
    }
    return nil
  }

  private mutating func plain(_ bytes: UnsafeBufferPointer<UInt8>, column: Int) {
    let start = index
    while index < bytes.count {
      let byte = bytes[index]
      if byte == comma || isLineEnd(byte) { break }
      if byte == quote { flaws[records.count] = .quoteInsideField(column: column) }
      index += 1
    }
    append(start, index, hasEscapes: false)
  }

  /// False when the file ends before the closing quote.
  private mutating func quoted(_ bytes: UnsafeBufferPointer<UInt8>, column: Int) -> Bool {
    index += 1
    let start = index
    var hasEscapes = false
    while index < bytes.count {
      let byte = bytes[index]
      if byte == quote {
        guard index + 1 < bytes.count, bytes[index + 1] == quote else { break }
        hasEscapes = true
        index += 1
      } else if byte == lineFeed || byte == carriageReturn && !isLineFeed(bytes, index + 1) {
        line += 1
      }
      index += 1
    }
    guard index < bytes.count else { return false }
    append(start, index, hasEscapes: hasEscapes)
    index += 1
    while index < bytes.count, bytes[index] != comma, !isLineEnd(bytes[index]) {
      flaws[records.count] = .textAfterQuote(column: column)
      index += 1
    }
    return true
  }

  private mutating func append(_ start: Int, _ end: Int, hasEscapes: Bool) {
    fields.append(
      CSVDocument.Field(start: UInt32(start), end: UInt32(end), hasEscapes: hasEscapes))
  }

  private mutating func skipLineEnd(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard index < bytes.count else { return }
    index += bytes[index] == carriageReturn && isLineFeed(bytes, index + 1) ? 2 : 1
    line += 1
  }

  private func isLineFeed(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
    index < bytes.count && bytes[index] == lineFeed
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == lineFeed || byte == carriageReturn }

  private var quote: UInt8 { UInt8(ascii: "\"") }
  private var comma: UInt8 { UInt8(ascii: ",") }
  private var lineFeed: UInt8 { UInt8(ascii: "\n") }
  private var carriageReturn: UInt8 { UInt8(ascii: "\r") }
}
