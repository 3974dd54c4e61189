import Contracts
import Messaging
import Postgres

/// What was sent of a deal, and is still to be sent, once its personal data were erased.
///
/// A delivery that waits goes out without them. What an endpoint has got, it has; and what it answered
/// is forgotten, too, as it may repeat what it got.
enum DeliveredBodies {
  static func erase(
    _ erased: ErasedData, of event: StageEvent, in transaction: borrowing PostgresTransaction
  ) throws {
    let rows = try transaction.query(
      """
      SELECT id, body FROM deliveries WHERE opportunity_id = $1 AND event_id <> $2
      ORDER BY id FOR NO KEY UPDATE
      """, event.opportunityId, event.id)
    let ids = try rows.map { try $0.decode(0, as: EntityID.self) }
    let bodies = try rows.map { try OutgoingEvent.erasing(erased, in: $0.decode(1)) }
    try transaction.execute(
      """
      UPDATE deliveries SET body = new.body
      FROM unnest($1::uuid[], $2::bytea[]) AS new (id, body) WHERE deliveries.id = new.id
      """, ids, bodies)
    try transaction.execute(
      "UPDATE attempts SET answer = NULL WHERE delivery_id = ANY($1::uuid[])", ids)
  }
}

extension OutgoingEvent {
  /// A webhook's body without what was erased. A notice says in words why it was given.
  static func erasing(_ erased: ErasedData, in body: [UInt8]) throws -> [UInt8] {
    guard
      case .object(var members) = try JSONCoding.decode(JSONValue.self, from: body),
      case .string(let type)? = members["type"], let data = members["data"]
    else { return body }
    let bytes = try JSONCoding.encode(data)
    let left: [UInt8]
    if StageEventType(rawValue: type) != nil {
      left = try JSONCoding.encode(
        JSONCoding.decode(StageEventData.self, from: bytes).erasing(erased))
    } else if NoticeType(rawValue: type) != nil {
      var notice = try JSONCoding.decode(NoticeData.self, from: bytes)
      notice.message = LocalizedText(zh: ErasedData.mark, en: ErasedData.mark)
      notice.evidence = notice.evidence?.erased
      if erased.names, notice.name != nil { notice.name = ErasedData.mark }
      left = try JSONCoding.encode(notice)
    } else {
      return body
    }
    members["data"] = try JSONCoding.decode(JSONValue.self, from: left)
    return try JSONCoding.encode(JSONValue.object(members))
  }
}
