/// A team; teams form trees. The id is the `team` of deals.
package struct TeamEntry: DirectoryPayload {
  package static let type = "sluice.team-changed.v1"
  package static let kind = "team"

  /// Which deals a rep sees.
  package enum Visibility: String, Codable, CaseIterable, Sendable {
    /// The rep's own.
    case own
    /// All of the rep's team.
    case team
  }

  package var id: String
  package var name: LocalizedText?
  package var parentId: String?
  /// Leads this team and all below it.
  package var managerId: String?
  /// Nil: the calendar of the nearest team above that has one.
  package var calendarId: String?
  /// Nil: what the nearest team above says, and `own` at the top.
  package var visibility: Visibility?
  package var version: Int64
  package var changedAt: Instant
  package var changedBy: String

  package init(
    id: String, name: LocalizedText? = nil, parentId: String? = nil, managerId: String? = nil,
    calendarId: String? = nil, visibility: Visibility? = nil, version: Int64 = 1,
    changedAt: Instant, changedBy: String
  ) {
    self.id = id
    self.name = name
    self.parentId = parentId
    self.managerId = managerId
    self.calendarId = calendarId
    self.visibility = visibility
    self.version = version
    self.changedAt = changedAt
    self.changedBy = changedBy
  }
}
