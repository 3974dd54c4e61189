import Contracts
import Postgres
import Synchronization

/// Published pipeline versions. A version never changes, so that one read serves for all times.
final class PipelineVersions: Sendable {
  private let cache = Mutex<[PipelineVersion: PipelineDefinition]>([:])

  /// Those of the wanted versions that are here.
  func find(
    _ wanted: Set<PipelineVersion>, in transaction: borrowing PostgresTransaction
  ) throws -> [PipelineVersion: PipelineDefinition] {
    var found = cache.withLock { cache in cache.filter { wanted.contains($0.key) } }
    let missing = wanted.filter { found[$0] == nil }
    guard !missing.isEmpty else { return found }
    let rows = try transaction.query(
      """
      SELECT pipeline, version, definition FROM pipeline_versions
      WHERE (pipeline, version) IN (SELECT * FROM unnest($1::text[], $2::int[]))
      """, missing.map(\.key), missing.map { Int32($0.version) })
    for row in rows {
      let version = PipelineVersion(key: try row.decode(0), version: try row.decode(1))
      found[version] = try JSONCoding.decode(
        PipelineDefinition.self, from: try row.decode(2, as: PostgresJSON.self).bytes)
    }
    cache.withLock { cache in cache.merge(found) { _, new in new } }
    return found
  }

  static func insert(
    _ pipelines: [PublishedPipeline], in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      """
      INSERT INTO pipeline_versions (pipeline, version, definition)
      SELECT * FROM unnest($1::text[], $2::int[], $3::jsonb[]) ON CONFLICT DO NOTHING
      """, pipelines.map(\.key), pipelines.map { Int32($0.version) },
      try pipelines.map { PostgresJSON(try JSONCoding.encode($0.definition)) })
  }
}
