import Contracts
import Messaging
import Postgres

/// Waits for what is under way between stage-service and the projections.
struct CatchUp: Sendable {
  let deadline: ContinuousClock.Instant
  var pollInterval = Duration.milliseconds(200)

  /// Returns when every opportunity is projected up to its head, or at the deadline.
  ///
  /// - Parameter forecasting: with forecasting's schema as its search path.
  func projections(
    reach heads: [EntityID: EventPosition], in forecasting: PostgresPool,
    progress: (Int) -> Void = { _ in }
  ) async throws {
    var waiting = heads
    var isFirst = true
    while !waiting.isEmpty {
      let select = "SELECT opportunity_id, epoch, sequence FROM current_stage"
      let rows =
        isFirst
        ? try await forecasting.query(select)
        : try await forecasting.query(
          select + " WHERE opportunity_id = ANY($1::uuid[])", Array(waiting.keys))
      isFirst = false
      for row in rows {
        let id: EntityID = try row.decode(0)
        let position = EventPosition(epoch: try row.decode(1), sequence: try row.decode(2))
        if let head = waiting[id], position >= head { waiting[id] = nil }
      }
      progress(heads.count - waiting.count)
      if waiting.isEmpty || ContinuousClock.now >= deadline { return }
      try await Task.sleep(for: pollInterval)
    }
  }

  /// Returns when no event that waits in the outbox now is left there, or at the deadline.
  ///
  /// - Parameter stageService: with stage-service's schema as its search path.
  /// - Returns: The events that still wait.
  func outbox(of stageService: PostgresPool) async throws -> Set<EntityID> {
    let topic = Topic.stageChanges.name
    let newest = try await stageService.query(
      "SELECT max(id) FROM outbox WHERE topic = $1", topic)
    guard let last = try newest.first?.optional(0, as: Int64.self) else { return [] }
    while true {
      let rows = try await stageService.query(
        "SELECT headers FROM outbox WHERE topic = $1 AND id <= $2", topic, last)
      if rows.isEmpty || ContinuousClock.now >= deadline {
        return Set(try rows.compactMap { try CatchUp.eventID($0.decode(0)) })
      }
      try await Task.sleep(for: pollInterval)
    }
  }

  private static func eventID(_ headers: [UInt8]) -> EntityID? {
    let headers = HeaderCoding.decode(headers) ?? []
    return WireMessage(key: nil, value: nil, headers: headers).header("ce_id")
      .flatMap { EntityID($0) }
  }
}
