import Contracts
import HTTPTypes
import ServiceKit
import Testing

@testable import StageService

/// Two people who move the same deal at the same instant.
@Suite struct RaceTests {
  @Test(.timeLimit(.minutes(3)))
  func oneWinsAndTheOtherSeesTheCurrentState() async throws {
    let rounds = 1_000
    try await withAPI { api in
      try await api.publishPlain()
      let path = "/v1/opportunities/\(try await api.create())"
      for round in 1...rounds {
        let target: JSONValue = round % 2 == 1 ? "needs-analysis" : "initial-contact"
        let answers = try await withThrowingTaskGroup(of: API.Answer.self) { group in
          for _ in 0..<2 {
            group.addTask {
              try await api.send(
                .post, "\(path)/moves", ["to": target], headers: [.ifMatch: "\"\(round)\""])
            }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }.sorted { $0.status < $1.status }
        try #require(answers.map(\.status) == [200, 412], "\(round): \(answers.map(\.body))")
        #expect(answers[0]["sequence"] == .integer(Int64(round + 1)))
        #expect(answers[1].etag == "\"\(round + 1)\"")
        #expect(answers[1]["current"]["stage"] == target)
      }
      let deal = try await api.get(path)
      #expect(deal["sequence"] == .integer(Int64(rounds + 1)))
      var sequences: [JSONValue] = []
      var cursor = ""
      repeat {
        let page = try await api.get("\(path)/history?limit=500\(cursor)")
        sequences += page["items"].items.map { $0["sequence"] }
        cursor = page["next"].text.map { "&cursor=\($0)" } ?? ""
      } while !cursor.isEmpty
      #expect(sequences == (1...rounds + 1).map { .integer(Int64($0)) })
      #expect(try await api.outboxCount(of: .stageChanges) == rounds + 1)
    }
  }

  /// Without saying what they saw, both are decided one after the other: a second move to the same
  /// place is none.
  @Test func withoutIfMatchTheSecondIsDecidedAnew() async throws {
    try await withAPI { api in
      try await api.publishPlain()
      for _ in 0..<20 {
        let path = "/v1/opportunities/\(try await api.create())"
        let answers = try await withThrowingTaskGroup(of: API.Answer.self) { group in
          for _ in 0..<2 {
            group.addTask { try await api.send(.post, "\(path)/moves", ["to": "needs-analysis"]) }
          }
          return try await group.reduce(into: []) { $0.append($1) }
        }.sorted { $0.status < $1.status }
        #expect(answers.map(\.status) == [200, 422])
        #expect(answers[1].codes == ["already-in-stage"])
        #expect(try await api.get(path)["sequence"] == 2)
      }
    }
  }
}
