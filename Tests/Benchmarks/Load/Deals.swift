import Contracts
import Foundation
import TestSupport

/// Deals of one pipeline that were made over HTTP, to be moved.
struct Deals: Sendable {
  let ids: [String]

  private struct Made: Decodable { var id: String }

  /// Publishes the general pipeline under `pipeline` and creates `count` deals in its first stage.
  static func make(_ count: Int, in pipeline: String, of cluster: Cluster) async throws -> Deals {
    try await cluster.publish(pipeline: pipeline)
    let (url, token) = (cluster.stageServices[0].url, cluster.token)
    let threads = 16
    let ids = try await onThreads(threads) { thread in
      let connection = try HTTPConnection(url, token: token)
      return try stride(from: thread, to: count, by: threads).map { number in
        let answer = try connection.post(
          "/v1/opportunities",
          """
          {"pipeline":"\(pipeline)","name":"Deal \(number)",\
          "account":{"name":"Account \(number % 997)"},"owner":"user-\(number % 97)",\
          "team":"team-\(number % 9)","amount":{"minor":\(number + 1)00,"currency":"CNY"},\
          "fields":{"customerNeeds":"faster quotes","budget":80000,"decisionMaker":"Li"}}
          """)
        guard answer.status == 201 else {
          throw CheckFailure("a deal was not made: \(String(decoding: answer.body, as: UTF8.self))")
        }
        return try answer.decode(Made.self).id
      }
    }
    return Deals(ids: ids.flatMap(\.self))
  }
}
