/// A line that cannot be imported, or one that can but is worth a look.
struct ImportProblem: Error, Hashable, Codable, Sendable {
  enum Kind: String, Codable, Sendable, CaseIterable {
    // The whole file.
    case wrongEncoding = "wrong-encoding"
    case unclosedQuote = "unclosed-quote"
    case emptyFile = "empty-file"
    case missingColumn = "missing-column"
    // One row.
    case malformedRow = "malformed-row"
    case missingValue = "missing-value"
    case badText = "bad-text"
    case duplicateId = "duplicate-id"
    case unknownStage = "unknown-stage"
    case badDate = "bad-date"
    case badOrder = "bad-order"
    case badAmount = "bad-amount"
    case closedBeforeOpened = "closed-before-opened"
    case inTheFuture = "in-the-future"
    case badValue = "bad-value"
    case unknownManager = "unknown-manager"
    case managerCircle = "manager-circle"
    /// The service refuses it.
    case refused
    // Warnings.
    case stageDisagrees = "stage-disagrees"
    case beginsBeforeCreated = "begins-before-created"
    case beginsClosed = "begins-closed"
    case noAmount = "no-amount"
    case noAccount = "no-account"
    case noHistory = "no-history"
    case historyOnly = "history-only"
    case noOpenedDate = "no-opened-date"
    case noClosedDate = "no-closed-date"

    /// Whether no row of the file can be used, so that there is nothing to go on with.
    var concernsWholeFile: Bool {
      [.wrongEncoding, .unclosedQuote, .emptyFile, .missingColumn].contains(self)
    }

    /// The heading of the warnings of that kind; nil where it is no warning.
    var warningTitle: String? {
      switch self {
      case .stageDisagrees: "the deal's own stage disagrees with its history (which counts)"
      case .beginsBeforeCreated: "the history begins before the deal was created"
      case .beginsClosed: "the history begins in a closed stage"
      case .noAmount: "no amount"
      case .noAccount: "no account"
      case .noHistory: "no history: it stands in its own stage"
      case .historyOnly: "a history without its deal: name and account are not known"
      case .noOpenedDate: "no date of opening"
      case .noClosedDate: "closed without a date: since when it is so is not known"
      default: nil
      }
    }
  }

  /// The file's name without its folders.
  var file: String
  /// From 1.
  var line: Int
  var kind: Kind
  /// What is wrong, and what would be right.
  var reason: String

  init(_ file: String, _ line: Int, _ kind: Kind, _ reason: String) {
    self.file = file
    self.line = line
    self.kind = kind
    self.reason = reason
  }
}
