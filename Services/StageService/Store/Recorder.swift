import Contracts
import Messaging
import Postgres
import ServiceKit

/// Under which epoch and source this installation records events.
struct Recorder: Sendable {
  let epoch: Int64
  let source: String

  init(epoch: Int64, source: String = "/sluice/stage-service") {
    self.epoch = epoch
    self.source = source
  }

  static func load(_ pool: PostgresPool) async throws -> Recorder {
    let row = try await pool.query("SELECT epoch FROM installation").first
    return Recorder(epoch: try row?.decode(0, as: Int64.self) ?? 1)
  }

  /// A payload as a row of the outbox; the trace goes on with a new span.
  func message(_ payload: some TopicPayload, trace: TraceContext?) throws -> OutboxMessage {
    let trace = trace?.child()
    return OutboxMessage(
      topic: type(of: payload).topic,
      wire: try payload.wireMessage(
        source: source, traceparent: trace?.traceparent, tracestate: trace?.tracestate))
  }
}
