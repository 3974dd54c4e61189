import Testing

@testable import Sluice

@Suite struct ImportTestsCSV {
  private func table(_ text: String) throws -> CSVTable {
    try CSVTable(file: "deals.csv", bytes: Array(text.utf8))
  }

  private func cells(_ table: CSVTable) -> [[String]] {
    table.rows.map { row in table.columns.indices.map { table.text(row, $0) } }
  }

  @Test func quotesLineEndsAndPhysicalLines() throws {
    let table = try table(
      "a,b,c\r\n1,\"x, \"\"y\"\"\",3\n\n\"two\r\nlines\",,\" kept \"\r\n\"\",\"7\",8")
    #expect(table.columns == ["a", "b", "c"])
    #expect(
      cells(table) == [
        ["1", "x, \"y\"", "3"], ["two\r\nlines", "", "kept"], ["", "7", "8"],
      ])
    #expect(table.rows.map(\.line) == [2, 4, 6])
    #expect(table.badRows.isEmpty)
  }

  @Test func byteOrderMarkIsSkipped() throws {
    #expect(try table("\u{FEFF}id,名称\n1,华信\n").columns == ["id", "名称"])
  }

  @Test func raggedAndMisquotedRowsAreBadAndTheRestIsRead() throws {
    let table = try table("a,b\n1\n1,2,3\n\"x\"y,2\nx\"y,2\n5,6\n")
    #expect(cells(table) == [["5", "6"]])
    #expect(table.badRows.map(\.row.line) == [2, 3, 4, 5])
    #expect(table.badRows[0].reason == "the row has 1 fields, the header 2")
    #expect(table.badRows[2].reason.hasPrefix("a has text after its closing quote"))
    #expect(table.badRows[3].reason.hasPrefix("a has a quote inside a field without quotes"))
  }

  @Test func unclosedQuoteNamesTheLineItsRowBeginsOn() {
    let problem = #expect(throws: ImportProblem.self) {
      try table("a,b\n1,2\n3,\"4\n5,6\n")
    }
    #expect(problem?.kind == .unclosedQuote)
    #expect(problem?.line == 3)
  }

  @Test(arguments: ["", "\n\n", "\u{FEFF}"]) func emptyFile(text: String) {
    let problem = #expect(throws: ImportProblem.self) { try table(text) }
    #expect(problem?.kind == .emptyFile)
  }

  @Test func allMissingColumnsAreNamedWithThoseThatAreThere() throws {
    let table = try table("id,amount\n1,2\n")
    let problem = #expect(throws: ImportProblem.self) {
      try table.places(of: ["id", "stage", "owner"])
    }
    #expect(problem?.kind == .missingColumn)
    #expect(
      problem?.reason.hasPrefix("missing columns: stage, owner; the file has: id, amount") == true)
    #expect(try table.places(of: ["amount"])["amount"] == 1)
  }

  @Test func otherSeparatorsAreGuessed() throws {
    let table = try table("id;stage\n1;Won\n")
    let problem = #expect(throws: ImportProblem.self) { try table.places(of: ["id"]) }
    #expect(problem?.reason.contains("something else than commas") == true)
  }

  @Test func columnNamedTwice() throws {
    let table = try table("id,id\n1,2\n")
    #expect(throws: ImportProblem.self) { try table.places(of: ["id"]) }
  }

  @Test func missingFileIsAUsageError() {
    let failure = #expect(throws: OperatorFailure.self) {
      try CSVTable.read(path: "/nowhere/deals.csv")
    }
    #expect(failure?.status == .usage)
    #expect(failure?.message.contains("/nowhere/deals.csv cannot be read") == true)
  }

  @Test func hundredThousandRows() throws {
    var text = "id,name,stage,amount\n"
    for number in 0..<100_000 { text += "\(number),\"Deal, \(number)\",Won,1000.50\n" }
    let table = try table(text)
    #expect(table.rows.count == 100_000)
    #expect(table.text(table.rows[99_999], 1) == "Deal, 99999")
    #expect(table.rows[99_999].line == 100_001)
  }
}

@Suite struct ImportTestsEncoding {
  private func fault(_ bytes: [UInt8]) -> TextEncoding.Fault? { TextEncoding.fault(in: bytes) }

  @Test func utf8IsFine() {
    #expect(fault(Array("id,名称,émile\n".utf8)) == nil)
    #expect(fault([]) == nil)
  }

  /// "客户" in GBK.
  @Test func gbkNamesLineByteAndAdvice() {
    let bytes = Array("id,name\n1,".utf8) + [0xBF, 0xCD, 0xBB, 0xA7] + Array("\n".utf8)
    let fault = fault(bytes)
    #expect(fault?.line == 2)
    #expect(fault?.byteInLine == 3)
    #expect(fault?.message.contains("0xBF") == true)
    #expect(fault?.message.contains("iconv -f GB18030 -t UTF-8") == true)
  }

  @Test func singleHighBytesAreWindows1252() {
    let fault = fault(Array("id\nCaf".utf8) + [0xE9] + Array(",x\n".utf8))
    #expect(fault?.line == 2)
    #expect(fault?.message.contains("iconv -f WINDOWS-1252") == true)
  }

  @Test func utf16IsRecognised() {
    let text = "id,x\n".utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    #expect(fault([0xFF, 0xFE] + text)?.message.contains("iconv -f UTF-16 -t") == true)
    #expect(fault(text)?.message.contains("iconv -f UTF-16LE") == true)
    #expect(fault([0] + text)?.message.contains("iconv -f UTF-16BE") == true)
  }

  /// An overlong form, a lone surrogate and a cut-off sequence are no UTF-8.
  @Test(arguments: [[0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE5, 0xAE]] as [[UInt8]])
  func strict(bytes: [UInt8]) {
    #expect(fault(Array("a\n".utf8) + bytes)?.line == 2)
  }

  @Test func wrongEncodingStopsTheWholeFile() {
    let problem = #expect(throws: ImportProblem.self) {
      try CSVTable(file: "x.csv", bytes: Array("id\n".utf8) + [0xBF, 0xCD, 0xBB, 0xA7])
    }
    #expect(problem?.kind == .wrongEncoding)
    #expect(problem?.kind.concernsWholeFile == true)
  }
}
