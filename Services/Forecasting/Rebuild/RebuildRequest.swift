import Contracts
import Postgres

/// A rebuild that an operator asked for, as the table `rebuilds` has it.
struct RebuildRequest: Equatable, Sendable {
  enum Source: Equatable, Sendable {
    /// All of `stage-changes.v1`.
    case log
    /// A topic that was written from stage-service's history, then the rest of `stage-changes.v1`.
    case history(Replay)
  }

  /// Offsets stand by number of the partition.
  struct Replay: Equatable, Sendable {
    var clusterID: String
    /// With the installation's prefix.
    var topic: String
    /// Where the topic ended when it was whole.
    var ends: [Int64]
    /// Where `stage-changes.v1` ended before the writing began.
    var liveStarts: [Int64]
  }

  enum State: String, Sendable {
    case requested, filling, switching
    /// The new tables serve; the former ones are still there.
    case dropping
  }

  var id: EntityID
  var source: Source
  var state: State
}

extension RebuildRequest {
  init(_ row: PostgresRow) throws {
    let state = try row.decode(2, as: String.self)
    self.init(
      id: try row.decode(0), source: .log, state: State(rawValue: state) ?? .requested)
    guard try row.decode(1, as: String.self) == "history" else { return }
    source = .history(
      Replay(
        clusterID: try row.decode(3), topic: try row.decode(4), ends: try row.decode(5),
        liveStarts: try row.decode(6)))
  }
}

/// Why a rebuild cannot come to its end, in words for an operator. Asking again helps only after
/// something was changed.
struct RebuildFailure: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }

  /// Nil for what passes by itself.
  init?(_ error: any Error) {
    switch error {
    case let failure as RebuildFailure: self = failure
    case let error as PostgresError where error.sqlState == "42501":
      self.init(
        "\(error). Its role must be allowed to create schemas: GRANT CREATE ON DATABASE … TO …")
    case let error as PostgresError
    where error.code == .migrationRefused || error.sqlState == "2BP01":
      self.init("\(error)")
    default: return nil
    }
  }
}

/// An operator called the rebuild off.
struct RebuildCancelled: Error {}
