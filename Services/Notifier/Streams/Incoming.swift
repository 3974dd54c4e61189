import Contracts
import Messaging

/// A decoded message together with what its webhook repeats: the source and the data's bytes.
struct Incoming<Payload: TopicPayload> {
  var payload: Payload
  var source: String
  var data: [UInt8]

  /// Reads a batch; what cannot be read, or what `check` refuses, becomes a dead letter.
  static func read(
    _ batch: ConsumedBatch, into outcome: inout BatchOutcome,
    _ check: (Payload) throws(MessageFailure) -> Void = { (_) throws(MessageFailure) in }
  ) -> [Incoming] {
    var incoming: [Incoming] = []
    for message in batch.messages {
      do throws(MessageFailure) {
        switch try Payload.read(message.wire) {
        case .payload(let payload, let envelope):
          try check(payload)
          let data = try CloudEvent.decode(message.wire)?.data ?? []
          incoming.append(Incoming(payload: payload, source: envelope.source, data: data))
        case .tombstone: outcome.tombstones += 1
        case .unknownType: outcome.unknownTypes += 1
        }
      } catch {
        outcome.deadLetters.append(DeadLetter(message: message, failure: error))
      }
    }
    return incoming
  }
}

/// U+0000 is legal in JSON but in no text column.
enum StorableText {
  static func check(_ texts: String?...) throws(MessageFailure) {
    guard texts.contains(where: { $0?.utf8.contains(0) == true }) else { return }
    throw MessageFailure(.unprocessable, "a text holds U+0000, which cannot be stored")
  }
}
