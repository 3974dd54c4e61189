import Contracts

/// An event that subscriptions may want, whatever topic it came from.
struct OutgoingEvent: Sendable {
  var id: EntityID
  var type: String
  var source: String
  /// When it happened.
  var occurredAt: Instant
  var recordedAt: Instant
  var opportunityID: EntityID?
  var subject: EventSubject
  /// Its data, in JSON as they came.
  var data: [UInt8]

  /// The webhook's body, as Standard Webhooks recommends: `type`, `timestamp`, `data`; with the
  /// event's `id` and `source` beside them. The same event has the same bytes always.
  func body() throws -> [UInt8] {
    func text(_ value: String) throws -> [UInt8] { try JSONCoding.encode(value) }
    var body = Array("{\"data\":".utf8)
    body += data
    body += Array(",\"id\":".utf8) + (try text(id.description))
    body += Array(",\"source\":".utf8) + (try text(source))
    body += Array(",\"timestamp\":".utf8) + (try text(occurredAt.description))
    body += Array(",\"type\":".utf8) + (try text(type))
    body.append(UInt8(ascii: "}"))
    return body
  }
}

extension OutgoingEvent {
  /// - Parameter currentStage: where the deal stands after the event.
  init(_ event: StageEvent, source: String, data: [UInt8], currentStage: String) {
    self.init(
      id: event.id, type: event.type.rawValue, source: source, occurredAt: event.occurredAt,
      recordedAt: event.recordedAt, opportunityID: event.opportunityId,
      subject: EventSubject(
        pipeline: event.pipeline, team: event.team, owner: event.owner,
        stages: [event.from, event.to, currentStage]),
      data: data)
  }

  init(_ notice: Notice, source: String, data: [UInt8]) {
    self.init(
      id: notice.id, type: notice.type.rawValue, source: source,
      occurredAt: notice.data.recordedAt, recordedAt: notice.data.recordedAt,
      opportunityID: notice.data.opportunityId,
      subject: EventSubject(
        pipeline: notice.data.pipeline, team: notice.data.team, owner: notice.data.owner,
        stages: [notice.data.stage, notice.data.to]),
      data: data)
  }
}
