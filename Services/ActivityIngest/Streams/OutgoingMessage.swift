import Contracts
import Messaging
import ServiceKit

extension OutboxMessage {
  /// A payload of this service; the trace goes on with a new span.
  static func of(_ payload: some TopicPayload, traceparent: String?) throws -> OutboxMessage {
    let trace = traceparent.flatMap { TraceContext(traceparent: $0) }?.child()
    return OutboxMessage(
      topic: type(of: payload).topic,
      wire: try payload.wireMessage(
        source: "/sluice/activity-ingest", traceparent: trace?.traceparent))
  }
}
