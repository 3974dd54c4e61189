import Contracts

/// One row of the file of opportunities, read and checked.
struct SourceDeal: Hashable, Sendable {
  var line: Int
  var id: String
  var name: String
  var account: String?
  var owner: String?
  var team: String?
  var stage: Mapping.StageMapping
  var openedAt: Instant?
  var closedAt: Instant?
  /// `yyyy-MM-dd`, as the file has it in its own time zone.
  var closedDate: String?
  var amount: Money?
}

/// One row of the file of histories, read and checked.
struct SourceStep: Hashable, Sendable {
  var line: Int
  var id: String
  var at: Instant
  var stage: Mapping.StageMapping
  var order: Int64
}

/// What reading a file gave: good rows, bad ones, and the deals that a bad row belongs to.
struct SourceRows<Row: Sendable>: Sendable {
  var rows: [Row] = []
  var problems: [ImportProblem] = []
  /// A deal with one bad row is not imported at all: half of its history would be a wrong one.
  var spoiltIds: Set<String> = []
}
