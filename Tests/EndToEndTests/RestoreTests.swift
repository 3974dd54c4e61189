import Contracts
import Foundation
import LocalServers
import NIOHTTP1
import Postgres
import TestSupport
import Testing

extension EndToEnd {
  /// deploy/docs/restore.md, step by step.
  @Suite(.serialized) struct RestoreTests {
    @Test(.timeLimit(.minutes(5))) func aRestoredBackupGoesOnUnderAnotherEpoch() async throws {
      try await withCluster { cluster in
        _ = try await Load.run(on: cluster, seed: 31) { try await $0.waitForAccepted(60) }
        let deal = try await cluster.anyDeal()
        try await cluster.waitUntilConsumed(.stageChanges, by: .forecasting)
        try await cluster.dump()

        // What follows is lost with the database, and stays in the log.
        let lost = try await cluster.rename(deal, "lost")
        _ = try await Load.run(on: cluster, seed: 32) { try await $0.waitForAccepted(20) }
        try await cluster.waitUntilConsumed(.stageChanges, by: .forecasting)
        let refused = try await cluster.sluice("restore-mark", "--yes")
        try refused.expect(.exited(2))
        try check(refused.errors.contains("stop it first"), refused.errors)

        for replica in cluster.replicas { _ = try await replica.terminate() }
        try await cluster.restore()
        try await cluster.sluice("restore-mark").expect(.exited(2))
        let marked = try await cluster.sluice("restore-mark", "--yes", "--format", "json")
        try marked.expect(.exited(0))
        try check(marked.output.contains(#""epoch" : 2"#), marked.output)
        for replica in cluster.replicas {
          try await replica.start()
          try await replica.waitUntilReady()
        }

        let reissued = try await cluster.rename(deal, "reissued")
        try checkEqual(reissued, lost, "sequence after the restore")
        try await cluster.checkEpochs(of: deal, sequence: reissued)
        let refusedLog = try await cluster.sluice("rebuild", "forecasting", "--from", "log")
        try refusedLog.expect(.exited(2))
        try check(refusedLog.errors.contains("a backup was restored"), refusedLog.errors)
        let rebuilt = try await cluster.sluice("rebuild", "forecasting")
        try rebuilt.expect(.exited(0))
        try check(rebuilt.errors.contains("the history is taken"), rebuilt.errors)
        try await cluster.verify()

        _ = try await Load.run(on: cluster, seed: 33) { try await $0.waitForAccepted(40) }
        try await cluster.verify()

        // The same backup once more: the log remembers the epoch that the database has forgotten.
        for replica in cluster.replicas { _ = try await replica.terminate() }
        try await cluster.restore()
        let again = try await cluster.sluice("restore-mark", "--yes", "--format", "json")
        try check(again.output.contains(#""epoch" : 3"#), again.output)
      }
    }
  }
}

extension Cluster {
  private var dumpFile: String { "\(directory)/backup.sql" }

  private var schemas: [String] {
    get async throws {
      try await withDatabase(of: .stageService) { pool in
        try await pool.query(
          "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE $1 ORDER BY 1",
          schemaPrefix.replacing("_", with: "\\_") + "%"
        ).map { try $0.decode(0) }
      }
    }
  }

  fileprivate func dump() async throws {
    let arguments = try await schemas.flatMap { ["--schema", $0] }
    try await Tool.run(
      "\(try PostgresTools.find().directory)/pg_dump",
      ["--file", dumpFile] + arguments + [postgres.url])
  }

  fileprivate func restore() async throws {
    let drops = try await schemas.map { "DROP SCHEMA \(quoteIdentifier($0)) CASCADE;" }
    try await postgres.run(sql: drops.joined(separator: "\n"))
    try await Tool.run(
      try PostgresTools.find().psql,
      ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", dumpFile, postgres.url])
  }

  fileprivate func anyDeal() async throws -> String {
    try await withDatabase(of: .stageService) { pool in
      try await pool.query("SELECT id::text FROM opportunities ORDER BY id LIMIT 1")[0].decode(0)
    }
  }

  /// Returns the sequence of the event.
  fileprivate func rename(_ deal: String, _ name: String) async throws -> Int64 {
    struct Answer: Decodable { var sequence: Int64 }
    let answer = try await client.send(
      .PATCH, "\(stageServices[0].url)/v1/opportunities/\(deal)", token: token,
      body: Array(#"{"name":"\#(name)"}"#.utf8))
    try checkEqual(answer.status, 200, "status of a patch: \(answer.text)")
    return try answer.decode(Answer.self).sequence
  }

  fileprivate func checkEpochs(of deal: String, sequence: Int64) async throws {
    try await withDatabase(of: .stageService) { pool in
      let rows = try await pool.query(
        "SELECT epoch FROM history WHERE opportunity_id = $1::text::uuid AND sequence = $2", deal,
        sequence)
      try checkEqual(try rows.map { try $0.decode(0, as: Int64.self) }, [2], "epochs")
    }
  }
}
