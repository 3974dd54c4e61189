/// Somebody who works with deals. The id is the `sub` of the person's token and the owner of deals.
package struct PersonEntry: DirectoryPayload {
  package static let type = "sluice.person-changed.v1"
  package static let kind = "person"

  package var id: String
  package var name: String
  package var email: String?
  package var teamId: String?
  /// The person whom this one reports to.
  package var managerId: String?
  /// What the person is asked for beyond what a token allows, such as `legal`: who decides on moves.
  package var roles: [String]
  /// IANA name, such as `Asia/Shanghai`.
  package var timeZone: String
  /// In which messages are written: `zh` or `en`.
  package var language: String
  package var absence: Absence?
  package var channels: [Channel]
  /// False once the person has left.
  package var active: Bool
  package var version: Int64
  package var changedAt: Instant
  package var changedBy: String

  package init(
    id: String, name: String, email: String? = nil, teamId: String? = nil,
    managerId: String? = nil, roles: [String] = [], timeZone: String = "UTC",
    language: String = "zh", absence: Absence? = nil, channels: [Channel] = [],
    active: Bool = true, version: Int64 = 1, changedAt: Instant, changedBy: String
  ) {
    self.id = id
    self.name = name
    self.email = email
    self.teamId = teamId
    self.managerId = managerId
    self.roles = roles
    self.timeZone = timeZone
    self.language = language
    self.absence = absence
    self.channels = channels
    self.active = active
    self.version = version
    self.changedAt = changedAt
    self.changedBy = changedBy
  }

  /// 1 to 60 lower-case letters, digits and hyphens.
  package static func isRole(_ role: String) -> Bool {
    (1...60).contains(role.utf8.count)
      && role.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
  }

  /// Both days included, in the person's time zone.
  package struct Absence: Codable, Hashable, Sendable {
    package var from: CalendarDay
    package var to: CalendarDay
    /// Who stands in.
    package var delegateId: String?

    package init(from: CalendarDay, to: CalendarDay, delegateId: String? = nil) {
      self.from = from
      self.to = to
      self.delegateId = delegateId
    }
  }

  /// A way to reach the person.
  package struct Channel: Codable, Hashable, Sendable {
    /// `email`, `wecom`, `dingtalk` or `webhook`.
    package var kind: String
    package var address: String

    package static let kinds = ["email", "wecom", "dingtalk", "webhook"]

    package init(kind: String, address: String) {
      self.kind = kind
      self.address = address
    }
  }
}
