import Contracts
import Foundation

/// One person of the file.
struct PersonRow: Hashable, Sendable {
  var line: Int
  var id: String
  var manager: String?
  var team: String?
  /// What the file says, by the member of the person's entry; null clears.
  var members: [String: JSONValue]
}

/// The rows of a file of people, and what is wrong with them.
struct PeopleTable: Sendable {
  private(set) var rows: [PersonRow] = []
  private(set) var errors: [ImportProblem] = []

  static let required = ["id", "name"]
  static let optional = ["email", "team", "manager", "roles", "timeZone", "language"]

  /// - Throws: ``ImportProblem`` where the header lacks a column.
  init(_ table: CSVTable) throws {
    let names = PeopleTable.required + PeopleTable.optional.filter(table.columns.contains)
    let places = try table.places(of: names)
    for (row, reason) in table.badRows {
      errors.append(ImportProblem(table.file, row.line, .malformedRow, reason))
    }
    var lines: [String: Int] = [:]
    for row in table.rows {
      var reader = PersonReader(line: row.line) { name in
        places[name].map { table.text(row, $0).trimmingCharacters(in: .whitespaces) }
      }
      let person = reader.read()
      if let first = lines[person.id], !person.id.isEmpty {
        reader.refuse(.duplicateId, "id \(person.id) stands in line \(first) already")
      }
      lines[person.id] = lines[person.id] ?? row.line
      if reader.faults.isEmpty { rows.append(person) }
      errors += reader.faults.map { ImportProblem(table.file, row.line, $0.kind, $0.reason) }
    }
  }

  /// Checks who reports to whom, and puts managers before those who report to them.
  ///
  /// - Parameter managers: of the people who are there already, by id.
  mutating func order(file: String, beside managers: [String: String?]) {
    let byID = Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    func manager(of id: String) -> String? {
      byID[id].map { $0.members["managerId"] == nil ? managers[id] ?? nil : $0.manager }
        ?? managers[id] ?? nil
    }
    var depths: [String: Int] = [:]
    for row in rows {
      if let manager = row.manager, byID[manager] == nil, managers[manager] == nil {
        errors.append(
          ImportProblem(
            file, row.line, .unknownManager,
            "manager \(manager) is neither a row of the file without errors nor a person who is there"
          ))
      }
      var line = [row.id]
      while let next = manager(of: line[line.count - 1]), !line.contains(next) { line.append(next) }
      if let next = manager(of: line[line.count - 1]), next == row.id {
        errors.append(
          ImportProblem(
            file, row.line, .managerCircle,
            "the managers make a circle: \((line + [next]).joined(separator: " → "))"))
      }
      depths[row.id] = line.count
    }
    rows.sort { (depths[$0.id] ?? 0, $0.line) < (depths[$1.id] ?? 0, $1.line) }
  }
}

/// Reads the cells of one row.
private struct PersonReader {
  let line: Int
  /// Nil where the file has no such column.
  let cell: (String) -> String?
  private(set) var faults: [(kind: ImportProblem.Kind, reason: String)] = []

  init(line: Int, cell: @escaping (String) -> String?) {
    self.line = line
    self.cell = cell
  }

  mutating func refuse(_ kind: ImportProblem.Kind, _ reason: String) {
    faults.append((kind, reason))
  }

  mutating func read() -> PersonRow {
    let id = filled("id")
    let name = filled("name")
    if !id.isEmpty, !DirectoryID.isValid(id) { refuse(.badValue, PersonReader.noID("id", id)) }
    if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
      refuse(.badText, "name holds a control character")
    }
    var members: [String: JSONValue] = ["name": .string(name)]
    take("email", as: "email", into: &members, expecting: "a mail address") {
      $0.split(separator: "@", omittingEmptySubsequences: false).count == 2
        && !$0.hasPrefix("@") && !$0.hasSuffix("@") && !$0.contains(" ")
    }
    take("team", as: "teamId", into: &members)
    if let team = cell("team"), !team.isEmpty, !DirectoryID.isValid(team) {
      refuse(.badValue, PersonReader.noID("team", team))
    }
    take("manager", as: "managerId", into: &members)
    take("timeZone", as: "timeZone", into: &members, expecting: "an IANA name as Asia/Shanghai") {
      TimeZone.named($0) != nil
    }
    take("language", as: "language", into: &members, expecting: "zh or en") {
      ["zh", "en"].contains($0)
    }
    if let roles = cell("roles") {
      let names = roles.split(separator: ";").map { $0.trimmingCharacters(in: .whitespaces) }
      for name in names where !PersonEntry.isRole(name) {
        refuse(
          .badValue,
          "roles has \(name); a role is 1 to 60 lower-case letters, digits and hyphens")
      }
      members["roles"] = .array(names.map(JSONValue.string))
    }
    func text(_ member: String) -> String? {
      if case .string(let text)? = members[member] { text } else { nil }
    }
    return PersonRow(
      line: line, id: id, manager: text("managerId"), team: text("teamId"), members: members)
  }

  private mutating func filled(_ column: String) -> String {
    let text = cell(column) ?? ""
    if text.isEmpty { refuse(.missingValue, "\(column) is empty") }
    return text
  }

  private mutating func take(
    _ column: String, as member: String, into members: inout [String: JSONValue],
    expecting words: String = "", where isGood: (String) -> Bool = { _ in true }
  ) {
    guard let text = cell(column) else { return }
    members[member] = text.isEmpty ? .null : .string(text)
    if !text.isEmpty, !isGood(text) {
      refuse(.badValue, "\(column) is \(text); it must be \(words)")
    }
  }

  private static func noID(_ column: String, _ text: String) -> String {
    "\(column) is \(text); it must have 1 to \(DirectoryID.maximumLength) characters other than "
      + "blanks, controls and / ? # % :"
  }
}
