import Contracts
import Foundation
import NIOCore
import NIOHTTP1
import TestSupport

/// One person at work: creates deals and moves them, one request after the other, asking the replicas
/// in turn.
struct HTTPWorker {
  let cluster: Cluster
  let ledger: Ledger
  let name: String
  private var generator: Generator
  private var turn: Int
  private var requests = 0

  private static let stepsPerDeal = 12
  /// How long a request may go without an answer.
  private static let patience: Duration = .seconds(120)

  init(_ cluster: Cluster, _ ledger: Ledger, number: Int, seed: UInt64) {
    self.cluster = cluster
    self.ledger = ledger
    name = "http-\(seed)-\(number)"
    generator = Generator(seed: seed &* 1_000 &+ UInt64(number))
    turn = number
  }

  /// Works on one deal; returns before its end when `isStopped`.
  mutating func workOnDeal(until isStopped: () -> Bool) async throws {
    var walk = DealWalk()
    var id: EntityID?
    for _ in 0..<Self.stepsPerDeal where !isStopped() {
      requests += 1
      let tag = "\(name)-\(requests)"
      let action = walk.next(tag: tag, using: &generator)
      guard let accepted = try await ask(action, on: id, tag: tag) else { continue }
      id = accepted.id
      walk.stage = accepted.to ?? accepted.stage ?? walk.stage
    }
  }

  private struct Accepted: Decodable {
    var id: EntityID
    var sequence: Int64
    var eventId: EntityID?
    var to: String?
    var stage: String?
  }

  /// Repeats the request with the same key until somebody answers; nil when it is refused.
  private mutating func ask(
    _ action: StageCommand.Action, on id: EntityID?, tag: String
  ) async throws -> Accepted? {
    let (path, isPatch) = action.route(on: id)
    let body = try action.body()
    let deadline = ContinuousClock.now + Self.patience
    var last = "no answer"
    while ContinuousClock.now < deadline {
      let replicas = cluster.stageServices
      turn += 1
      let url = "\(replicas[turn % replicas.count].url)/v1/opportunities\(path)"
      do {
        let answer = try await cluster.client.send(
          isPatch ? .PATCH : .POST, url, token: cluster.token, idempotencyKey: tag, body: body,
          timeout: .seconds(2))
        switch answer.status {
        case 200, 201:
          let accepted = try answer.decode(Accepted.self)
          ledger.accept(
            .init(
              opportunity: accepted.id, sequence: accepted.sequence, eventID: accepted.eventId,
              tag: tag))
          return accepted
        case 422:
          ledger.refuse()
          return nil
        // Others changed the deal at the same moment: to be repeated, as a 5xx is.
        case 409, 500...599:
          last = "\(answer.status) \(answer.text)"
        default:
          throw CheckFailure("\(tag): \(url) answered \(answer.status) \(answer.text)")
        }
      } catch let failure as CheckFailure {
        throw failure
      } catch {
        last = "\(error)"
      }
      ledger.repeat()
      try await Task.sleep(for: .milliseconds(50))
    }
    throw CheckFailure("\(tag): nobody answered within \(Self.patience); last: \(last)")
  }
}
