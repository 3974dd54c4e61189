import Contracts
import Foundation
import Messaging
import Postgres

/// Keeps the stages of every published pipeline version, from `pipelines.v1`.
struct PipelineProjection: BatchHandler {
  let topics: [Topic] = [.pipelines]
  let isDurable = false

  func handle(
    _ batch: ConsumedBatch, in transaction: borrowing PostgresTransaction, now: Instant
  ) throws -> BatchOutcome {
    var outcome = BatchOutcome()
    var pipelines: [PublishedPipeline] = []
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try PublishedPipeline.read(message.wire) {
        case .payload(let pipeline, _):
          try Self.check(pipeline, value: message.wire.value)
          pipelines.append(pipeline)
        // A version is never taken back: its deals stay in its stages.
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    let rows = pipelines.flatMap(PipelineStageRow.rows)
    if !rows.isEmpty {
      try Self.insert(rows, in: transaction)
    }
    outcome.applied = pipelines.count
    return outcome
  }

  static func check(
    _ pipeline: PublishedPipeline, value: [UInt8]?
  ) throws(MessageFailure) {
    try NullCharacter.refuse(in: value)
    let stages = pipeline.definition.stages
    let keys = [pipeline.key] + stages.map(\.key)
    guard (1...Int(Int32.max)).contains(pipeline.version) else {
      throw MessageFailure(.invalidData, "/version is out of range")
    }
    guard keys.allSatisfy({ (1...StageEventCheck.keyBytes).contains($0.utf8.count) }) else {
      throw MessageFailure(
        .unprocessable,
        "keys of pipelines and stages have 1 to \(StageEventCheck.keyBytes) bytes")
    }
    guard Set(stages.map(\.key)).count == stages.count else {
      throw MessageFailure(.invalidData, "/definition/stages names a stage twice")
    }
  }

  /// A published version never changes, so the first to come stays.
  private static func insert(
    _ rows: [PipelineStageRow], in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      """
      INSERT INTO pipeline_stages (pipeline, version, position, stage, category, name_zh, name_en,
        benchmark_days, probability, published_at, checklist)
      SELECT * FROM unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::text[], $6::text[],
        $7::text[], $8::float8[], $9::float8[],
        $10::timestamptz[], $11::jsonb[])
      ON CONFLICT DO NOTHING
      """,
      rows.map(\.pipeline), rows.map(\.version), rows.map(\.position), rows.map(\.stage.key),
      rows.map(\.stage.category.rawValue), rows.map(\.stage.name.zh), rows.map(\.stage.name.en),
      rows.map(\.stage.benchmarkDays), rows.map(\.stage.probability), rows.map(\.publishedAt),
      try rows.map { try $0.checklist })
  }
}

private struct PipelineStageRow {
  var pipeline: String
  var version: Int32
  var position: Int32
  var stage: Stage
  var publishedAt: Instant

  /// The keys of the items.
  var checklist: PostgresJSON {
    get throws {
      PostgresJSON(Array(try JSONEncoder().encode(stage.checklist.map(\.key))))
    }
  }

  static func rows(of pipeline: PublishedPipeline) -> [PipelineStageRow] {
    pipeline.definition.stages.enumerated().map { position, stage in
      PipelineStageRow(
        pipeline: pipeline.key, version: Int32(pipeline.version), position: Int32(position),
        stage: stage, publishedAt: pipeline.publishedAt)
    }
  }
}
