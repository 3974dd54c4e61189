import Contracts

/// What a caller says of a person.
struct PersonRequest: Decodable, Sendable {
  var name: String?
  var email: String?
  var teamId: String?
  var managerId: String?
  var roles: [String]?
  var timeZone: String?
  var language: String?
  var absence: PersonEntry.Absence?
  var channels: [PersonEntry.Channel]?
  var active: Bool?

  func entry(_ id: String, at now: Instant, by actor: String) -> PersonEntry {
    PersonEntry(
      id: id, name: name ?? "", email: email, teamId: teamId, managerId: managerId,
      roles: roles ?? [], timeZone: timeZone ?? "UTC", language: language ?? "zh",
      absence: absence, channels: channels ?? [], active: active ?? true, changedAt: now,
      changedBy: actor)
  }
}

/// What a caller says of a team.
struct TeamRequest: Decodable, Sendable {
  var name: LocalizedText?
  var parentId: String?
  var managerId: String?
  var calendarId: String?
  var visibility: TeamEntry.Visibility?

  func entry(_ id: String, at now: Instant, by actor: String) -> TeamEntry {
    TeamEntry(
      id: id, name: name, parentId: parentId, managerId: managerId, calendarId: calendarId,
      visibility: visibility, changedAt: now, changedBy: actor)
  }
}

/// What a caller says of the exchange rates of a day.
struct ExchangeRatesRequest: Decodable, Sendable {
  var base: String
  var rates: [String: String]
}

/// What a caller says when a person leaves.
struct DeactivationRequest: Decodable, Sendable {
  /// Who gets the person's open deals.
  var reassignTo: String?
}
