import Contracts
import ServiceWiring

/// An entry that can be put into the directory.
protocol DirectoryRecord: DirectoryPayload {
  /// All that is wrong with it beside the entries that there are.
  func failures(in directory: Directory) -> [GateFailure]
  /// Takes its place among them.
  func enter(_ directory: inout Directory)
}

extension DirectoryRecord {
  /// The same entry under another version.
  func versioned(_ version: Int64, _ changedAt: Instant, _ changedBy: String) -> Self {
    var copy = self
    copy.version = version
    copy.changedAt = changedAt
    copy.changedBy = changedBy
    return copy
  }

  /// Whether both say the same, whoever said it when.
  func isSame(as other: Self) -> Bool {
    versioned(other.version, other.changedAt, other.changedBy) == other
  }
}

extension PersonEntry: DirectoryRecord {
  func failures(in directory: Directory) -> [GateFailure] {
    DirectoryCheck.failures(of: self, in: directory)
  }
  func enter(_ directory: inout Directory) { directory.set(self) }
}

extension TeamEntry: DirectoryRecord {
  func failures(in directory: Directory) -> [GateFailure] {
    DirectoryCheck.failures(of: self, in: directory)
  }
  func enter(_ directory: inout Directory) { directory.set(self) }
}

extension CalendarEntry: DirectoryRecord {
  func failures(in directory: Directory) -> [GateFailure] { DirectoryCheck.failures(of: self) }
  func enter(_ directory: inout Directory) { directory.set(self) }
}

extension ExchangeRatesEntry: DirectoryRecord {
  func failures(in directory: Directory) -> [GateFailure] { DirectoryCheck.failures(of: self) }
  /// Nothing is decided by rates, so that they are not held.
  func enter(_ directory: inout Directory) {}
}
