import Contracts
import Messaging
import Postgres

/// Keeps every published pipeline version, from `pipelines.v1`, and asks the rules about the
/// activities that waited for one.
struct PipelineHandler: BatchHandler {
  let topics: [Topic] = [.pipelines]
  let settlement: Settlement

  /// UTF-8 bytes of a key; stages' keys stand in an index, whose rows have 2,704 bytes at most.
  static let keyBytes = 512

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    var pipelines: [PublishedPipeline] = []
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try PublishedPipeline.read(message.wire) {
        case .payload(let pipeline, _):
          try NullCharacter.refuse(in: message.wire.value)
          try PipelineHandler.check(pipeline)
          pipelines.append(pipeline)
        // A version is never taken back: its deals go on under it.
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    outcome.applied = pipelines.count
    guard !pipelines.isEmpty else { return outcome }
    try PipelineVersions.insert(pipelines, in: transaction)
    try MatchingLock.take(in: transaction)
    outcome.outbox = try settlement.resume(
      .versions(pipelines.map { PipelineVersion(key: $0.key, version: $0.version) }), at: now,
      in: transaction)
    return outcome
  }

  static func check(_ pipeline: PublishedPipeline) throws(MessageFailure) {
    guard (1...Int(Int32.max)).contains(pipeline.version) else {
      throw MessageFailure(.invalidData, "/version is out of range")
    }
    let keys = [pipeline.key] + pipeline.definition.stages.map(\.key)
    guard keys.allSatisfy({ (1...keyBytes).contains($0.utf8.count) }) else {
      throw MessageFailure(
        .unprocessable, "keys of pipelines and stages have 1 to \(keyBytes) bytes")
    }
  }
}
