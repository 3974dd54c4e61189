import Contracts
import Messaging
import Postgres

/// Lets deals go on whose hold has come to its end.
struct HoldExpiry: Sendable {
  static let actor = DealBatch.Actor(subject: "service:stage-service")

  let batch: DealBatch
  let limit = 250

  /// How many go on. Deals that another process is letting go on are refused here, which is well.
  @discardableResult
  func run(at now: Instant) async throws -> Int {
    var resumed = 0
    while true {
      let ids = try await held(until: now)
      let results = try await batch.run(
        ids.map { DealBatch.Item(id: $0, action: .resume(.init(reason: HoldExpiry.reason))) },
        by: HoldExpiry.actor, at: now)
      let accepted = results.count { $0.outcome == .accepted }
      resumed += accepted
      if ids.count < limit || accepted == 0 { return resumed }
    }
  }

  private static let reason = "the hold has come to its end"

  /// Instants are written in UTC with six decimals: their text is in the order of time.
  private func held(until now: Instant) async throws -> [EntityID] {
    try await batch.pool.query(
      """
      SELECT id FROM opportunities WHERE deal_state->'hold'->>'until' <= $1
      ORDER BY deal_state->'hold'->>'until' LIMIT $2
      """, now.description, limit
    ).map { try $0.decode(0, as: EntityID.self) }
  }
}
