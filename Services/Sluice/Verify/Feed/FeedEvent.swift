import Contracts
import Messaging

/// One event of stage-service's feed, with all that a projection needs and a digest of the rest.
struct FeedEvent: Sendable {
  var id: EntityID
  var type: StageEventType
  /// Index into ``FeedIndex/opportunities``.
  var opportunity: Int32
  /// Index into ``FeedIndex/pages``.
  var page: Int32
  var position: EventPosition
  var pipeline: Symbol
  var pipelineVersion: Int32
  var from: Symbol
  var to: Symbol
  var fromCategory: StageCategory?
  var toCategory: StageCategory?
  var fromPosition: Int32?
  var toPosition: Int32?
  var owner: Symbol
  var team: Symbol
  var amountMinor: Int64?
  var currency: Symbol
  var occurredAt: Instant
  var recordedAt: Instant
  var followUpDueAt: Instant?
  var benchmarkDays: Double?
  var entryUnknown: Bool
  /// True: put on hold; false: goes on; nil: neither.
  var hold: Bool?
  /// What the event sets the custom fields `product` and `industry` to; nil leaves them.
  var product: Symbol?
  var industry: Symbol?
  var notes: [Note] = []
  var reversal: Reversal?
  /// The deal that this one became part of.
  var mergedInto: Symbol
  /// The name and the account that the event sets; nil leaves them as they were.
  var name: Symbol?
  var account: Symbol?
  /// Of type and data; equal within one run for equal events.
  var digest: Int

  /// A change of the expected close, of a checklist or of feedback.
  struct Note: Equatable, Sendable {
    var kind: String
    var stage = ""
    var item = ""
    var isSet: Bool
    var day: String?
    var formerDay: String?
    var score: Int32?
    var isExplicit: Bool?
  }

  /// What an event takes back.
  struct Reversal: Sendable {
    /// Where the move stands.
    var move: EventPosition
    /// Who took it back, and why.
    var by: Symbol
    var reason: Symbol
  }
}

/// An event as the feed's JSON and the log have it.
struct FeedItem: Decodable, Sendable {
  var cursor: String
  var eventId: EntityID
  var type: StageEventType
  var data: StageEventData
}

struct FeedPage: Decodable, Sendable {
  var items: [FeedItem]
  /// Nil when there is no more.
  var next: String?
}

extension StageEventData {
  /// Equal within one run of the program for equal data of the same type.
  func digest(as type: StageEventType) -> Int {
    var hasher = Hasher()
    hasher.combine(type)
    hasher.combine(self)
    return hasher.finalize()
  }

  /// What the event sets a custom field to: a text, the name of an object, or nothing; nothing
  /// either for one that was erased.
  func update(ofCustom field: String) -> String?? {
    if erased?.fields.contains(field) == true { return .some(nil) }
    guard let change = changes.last(where: { $0.field == "fields.\(field)" }) else { return nil }
    switch change.new {
    case .string(let text) where !text.isEmpty && text != ErasedData.mark: return .some(text)
    case .object(let members):
      if case .string(let text)? = members["name"], !text.isEmpty, text != ErasedData.mark {
        return .some(text)
      }
      return .some(nil)
    default: return .some(nil)
    }
  }

  /// What the event sets a field to: the member of a creation, or the new value among `changes`.
  func update(of field: String, created: String?, as type: StageEventType) -> String?? {
    if type == .created { return .some(created) }
    if erased?.names == true { return .some(ErasedData.mark) }
    guard let change = changes.last(where: { $0.field == field }) else { return nil }
    switch change.new {
    case .string(let text): return .some(text)
    case .object(let members):
      if case .string(let text)? = members["name"] { return .some(text) }
      return .some(nil)
    default: return .some(nil)
    }
  }
}
