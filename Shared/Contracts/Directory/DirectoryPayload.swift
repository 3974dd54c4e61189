/// An entry of `directory.v1` that people change: the last one of a key holds, and versions count up
/// from 1.
package protocol DirectoryPayload: TopicPayload, Codable, Hashable {
  /// The CloudEvents type.
  static var type: String { get }
  /// The part of the key before the colon.
  static var kind: String { get }

  /// Unique among the entries of its kind.
  var id: String { get }
  var version: Int64 { get set }
  var changedAt: Instant { get set }
  var changedBy: String { get set }
}

extension DirectoryPayload {
  package static var topic: Topic { .directory }
  package var messageKey: String { "\(Self.kind):\(id)" }
  package var messageID: String { "\(messageKey):\(version)" }
  package var messageType: String { Self.type }
  package var messageTime: Instant? { changedAt }
  package func messageData() throws -> [UInt8] { try JSONCoding.encode(self) }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> Self? {
    event.type == type ? try JSONCoding.decode(Self.self, from: data) : nil
  }
}

/// What names a person, a team or a calendar.
package enum DirectoryID {
  package static let maximumLength = 100

  /// 1 to 100 characters without blanks, control characters and `/ ? # % :`.
  package static func isValid(_ id: String) -> Bool {
    (1...maximumLength).contains(id.unicodeScalars.count)
      && id.unicodeScalars.allSatisfy {
        !$0.properties.isWhitespace && $0.properties.generalCategory != .control
          && !"/?#%:".unicodeScalars.contains($0)
      }
  }
}

/// Any entry of `directory.v1`, told apart by its CloudEvents type.
package enum DirectoryEntry: Hashable, Sendable {
  case serviceAccount(ServiceAccountEntry)
  case person(PersonEntry)
  case team(TeamEntry)
  case calendar(CalendarEntry)
  case exchangeRates(ExchangeRatesEntry)

  package static let types = [
    ServiceAccountEntry.type, PersonEntry.type, TeamEntry.type, CalendarEntry.type,
    ExchangeRatesEntry.type,
  ]

  /// What it holds.
  package var payload: any TopicPayload {
    switch self {
    case .serviceAccount(let entry): entry
    case .person(let entry): entry
    case .team(let entry): entry
    case .calendar(let entry): entry
    case .exchangeRates(let entry): entry
    }
  }
}

extension DirectoryEntry: TopicPayload {
  package static var topic: Topic { .directory }
  package var messageKey: String { payload.messageKey }
  package var messageID: String { payload.messageID }
  package var messageType: String { payload.messageType }
  package var messageTime: Instant? { payload.messageTime }
  package func messageData() throws -> [UInt8] { try payload.messageData() }

  package static func decode(_ event: CloudEvent, data: [UInt8]) throws -> DirectoryEntry? {
    try ServiceAccountEntry.decode(event, data: data).map(serviceAccount)
      ?? PersonEntry.decode(event, data: data).map(person)
      ?? TeamEntry.decode(event, data: data).map(team)
      ?? CalendarEntry.decode(event, data: data).map(calendar)
      ?? ExchangeRatesEntry.decode(event, data: data).map(exchangeRates)
  }
}
