import Contracts

/// Turns the rows of a table into deals and steps, and notes everything that is wrong with each.
struct SourceReader {
  let mapping: Mapping
  /// Nothing that has happened can be later.
  let now: Instant

  func deals(_ table: CSVTable) throws -> SourceRows<SourceDeal> {
    let columns = mapping.opportunities
    let places = try table.places(of: columns.all)
    var result = SourceRows<SourceDeal>()
    var lines: [String: Int] = [:]
    take(table.badRows, of: table, id: places[columns.id], into: &result)
    for row in table.rows {
      var cells = RowCells(table: table, row: row, places: places)
      let deal = deal(&cells)
      if !cells.id.isEmpty {
        if let first = lines[cells.id] {
          cells.refuse(
            .duplicateId, "the id \(cells.id) stands on line \(first) already; ids are unique")
        } else {
          lines[cells.id] = row.line
        }
      }
      result.add(deal, cells)
    }
    try refuseEmpty(table)
    return result
  }

  func steps(_ table: CSVTable, _ columns: Mapping.HistoryColumns) throws -> SourceRows<SourceStep>
  {
    let places = try table.places(of: columns.all)
    var result = SourceRows<SourceStep>()
    take(table.badRows, of: table, id: places[columns.id], into: &result)
    for row in table.rows {
      var cells = RowCells(table: table, row: row, places: places)
      let step = step(&cells, columns)
      result.add(step, cells)
    }
    try refuseEmpty(table)
    return result
  }

  private func refuseEmpty(_ table: CSVTable) throws {
    if table.rows.isEmpty, table.badRows.isEmpty {
      throw ImportProblem(
        table.file, 1, .emptyFile, "the file has a header but no rows: there is nothing to import")
    }
  }

  private func take<Row>(
    _ bad: [(row: CSVTable.Row, reason: String)], of table: CSVTable, id column: Int?,
    into result: inout SourceRows<Row>
  ) {
    for (row, reason) in bad {
      result.problems.append(ImportProblem(table.file, row.line, .malformedRow, reason))
      if let column { result.spoiltIds.insert(table.text(row, column)) }
    }
  }

  private func deal(_ cells: inout RowCells) -> SourceDeal? {
    let columns = mapping.opportunities
    cells.id = cells.required(columns.id) ?? ""
    let stage = stage(&cells, columns.stage)
    let opened = date(&cells, columns.openedAt)
    let closed = date(&cells, columns.closedAt)
    let amount = amount(&cells)
    let isClosed = stage.map { $0.category != .open } ?? false
    if mapping.history == nil {
      if let opened { refuseFuture(&cells, opened.instant, columns.openedAt) }
      if isClosed, let closed { refuseFuture(&cells, closed.instant, columns.closedAt) }
      if isClosed, let opened, let closed, closed.instant < opened.instant {
        cells.refuse(
          .closedBeforeOpened,
          "the deal was closed (\(closed.text)) before it was opened (\(opened.text))")
      }
    }
    for column in [columns.id, columns.account, columns.owner, columns.team] + columns.name {
      cells.checkText(column)
    }
    guard let stage, !cells.isRefused else { return nil }
    let name = columns.name.map { cells.text($0) }.filter { !$0.isEmpty }.joined(separator: " ")
    return SourceDeal(
      line: cells.line, id: cells.id, name: name.isEmpty ? cells.id : name,
      account: cells.optional(columns.account), owner: cells.optional(columns.owner),
      team: cells.optional(columns.team), stage: stage, openedAt: opened?.instant,
      closedAt: closed?.instant, closedDate: closed?.date, amount: amount)
  }

  private func step(_ cells: inout RowCells, _ columns: Mapping.HistoryColumns) -> SourceStep? {
    cells.id = cells.required(columns.id) ?? ""
    let at = cells.required(columns.at).flatMap { _ in date(&cells, columns.at) }
    let stage = stage(&cells, columns.stage)
    var order: Int64 = 0
    if let column = columns.order, let text = cells.optional(column) {
      if let number = Int64(text) {
        order = number
      } else {
        cells.refuse(.badOrder, "\(column) is \"\(text)\"; it must be a whole number")
      }
    }
    if let at { refuseFuture(&cells, at.instant, columns.at) }
    guard let at, let stage, !cells.isRefused else { return nil }
    return SourceStep(line: cells.line, id: cells.id, at: at.instant, stage: stage, order: order)
  }

  private func stage(_ cells: inout RowCells, _ column: String) -> Mapping.StageMapping? {
    guard let name = cells.required(column) else { return nil }
    if let stage = mapping.stage(from: name) { return stage }
    cells.refuse(.unknownStage, mapping.explainUnknownStage(name))
    return nil
  }

  private func date(
    _ cells: inout RowCells, _ column: String?
  ) -> (instant: Instant, date: String, text: String)? {
    guard let column, let text = cells.optional(column) else { return nil }
    guard let time = mapping.dateFormat.parse(text) else {
      cells.refuse(
        .badDate,
        "\(column) is \"\(text)\"; it must be a date that exists, written \(mapping.dateFormat.text)"
      )
      return nil
    }
    return (time.instant(in: mapping.timeZone), time.dateText, text)
  }

  /// A day of grace, as dates without a time may be those of a zone that is ahead.
  private func refuseFuture(_ cells: inout RowCells, _ instant: Instant, _ column: String?) {
    guard instant > now.adding(days: 1), let column else { return }
    cells.refuse(
      .inTheFuture,
      "\(column) is \"\(cells.text(column))\", which lies in the future; what is imported has "
        + "happened")
  }

  private func amount(_ cells: inout RowCells) -> Money? {
    guard let column = mapping.opportunities.amount, let currency = mapping.currency,
      let text = cells.optional(column)
    else { return nil }
    do {
      return try AmountText.parse(text, currency: currency, unit: mapping.amountUnit)
    } catch {
      cells.refuse(.badAmount, "\(column): \(error.message)")
      return nil
    }
  }
}

/// The cells of one row, and what is wrong with them.
private struct RowCells {
  let table: CSVTable
  let row: CSVTable.Row
  let places: [String: Int]
  var id = ""
  private(set) var problems: [ImportProblem] = []

  init(table: CSVTable, row: CSVTable.Row, places: [String: Int]) {
    self.table = table
    self.row = row
    self.places = places
  }

  var line: Int { row.line }
  var isRefused: Bool { !problems.isEmpty }

  func text(_ column: String) -> String { places[column].map { table.text(row, $0) } ?? "" }

  func optional(_ column: String?) -> String? {
    guard let column else { return nil }
    let text = text(column)
    return text.isEmpty ? nil : text
  }

  mutating func required(_ column: String) -> String? {
    let text = text(column)
    if !text.isEmpty { return text }
    refuse(.missingValue, "\(column) is empty; every row needs one")
    return nil
  }

  /// What stage-service would refuse later.
  mutating func checkText(_ column: String?) {
    guard let column, let text = optional(column) else { return }
    if text.utf8.contains(0) { refuse(.badText, "\(column) has a character U+0000 in it") }
    // The name may be made of several columns, and the id gets a prefix.
    if text.count > 200 {
      refuse(.badText, "\(column) has \(text.count) characters; at most 200 are allowed")
    }
  }

  mutating func refuse(_ kind: ImportProblem.Kind, _ reason: String) {
    problems.append(ImportProblem(table.file, row.line, kind, reason))
  }
}

extension SourceRows {
  fileprivate mutating func add(_ row: Row?, _ cells: RowCells) {
    if let row, !cells.isRefused {
      rows.append(row)
    } else {
      problems += cells.problems
      spoiltIds.insert(cells.id)
    }
  }
}
