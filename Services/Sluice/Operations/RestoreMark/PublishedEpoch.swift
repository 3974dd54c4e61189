import Contracts

/// The highest epoch among the last messages of `stage-changes.v1`. After the same backup was restored
/// twice, the database knows nothing of the epoch that followed the first time; the log does.
struct PublishedEpoch {
  private(set) var highest: Int64 = 0

  mutating func add(_ record: LogRecord) {
    guard case .payload(let event, _)? = try? StageEvent.read(record.wire) else { return }
    highest = max(highest, event.epoch)
  }

  static func read(_ log: LogReader) async throws -> Int64 {
    var log = log
    log.last = 2_000
    var found = PublishedEpoch()
    _ = try await log.read { record, _ in found.add(record) }
    return found.highest
  }
}
