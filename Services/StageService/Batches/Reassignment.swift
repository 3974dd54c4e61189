import Contracts
import Messaging
import Postgres

/// Gives all open deals of one person to another, each by its own event.
struct Reassignment: Sendable {
  static let dealsPerTransaction = 250

  let batch: DealBatch

  /// Deals that cannot be given away stay where they are.
  func run(from owner: String, to other: String, by actor: DealBatch.Actor) async throws {
    var after: EntityID?
    while true {
      let ids = try await open(of: owner, after: after)
      guard let last = ids.last else { return }
      _ = try await batch.run(
        ids.map { DealBatch.Item(id: $0, action: .assign(.init(owner: .set(other)))) }, by: actor,
        at: .now())
      after = last
    }
  }

  private func open(of owner: String, after: EntityID?) async throws -> [EntityID] {
    try await batch.pool.query(
      """
      SELECT id FROM opportunities
      WHERE owner = $1 AND category = 'open' AND merged_into IS NULL
        AND ($2::uuid IS NULL OR id > $2)
      ORDER BY id LIMIT $3
      """, owner, after, Reassignment.dealsPerTransaction
    ).map { try $0.decode(0, as: EntityID.self) }
  }
}
