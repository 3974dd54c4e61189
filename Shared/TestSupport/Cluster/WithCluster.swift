import Foundation
import LocalServers
import NIOHTTP1

/// Lends a running cluster, with the general pipeline published, to `body`, and ends all of it
/// afterwards. An error comes with the ends of all logs, and the logs are kept.
package func withCluster(
  _ layout: Cluster.Layout = .init(), _ body: (Cluster) async throws -> Void
) async throws {
  let cluster = try await Cluster(layout)
  do {
    try await cluster.start()
    try await cluster.publish(pipeline: "general")
    try await body(cluster)
  } catch {
    await cluster.stop()
    throw CheckFailure("\(error)\n\(cluster.lastLinesOfLogs())\nLogs: \(cluster.directory)")
  }
  await cluster.stop()
  try FileManager.default.removeItem(atPath: cluster.directory)
}

extension Cluster {
  fileprivate func lastLinesOfLogs() -> String {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasSuffix(".log") }.sorted().map { name in
      "--- \(name)\n\(lastLines(of: "\(directory)/\(name)", count: 12))"
    }.joined(separator: "\n")
  }

  /// Publishes the general template under `key`, however often a fail point ends who is asked.
  package func publish(pipeline key: String) async throws {
    let body = Array(#"{"key":"\#(key)","template":"general"}"#.utf8)
    let status = try await poll(timeout: .seconds(30), every: .milliseconds(100)) { () -> Int? in
      let answer = try? await client.send(
        .POST, "\(stageServices[0].url)/v1/pipelines", token: token, body: body)
      return answer.flatMap { $0.status < 500 ? $0.status : nil }
    }
    try check(
      status == 200 || status == 201, "pipeline \(key) was not published: \(status ?? 0)")
  }
}
