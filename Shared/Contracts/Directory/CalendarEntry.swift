/// A working calendar under its id; its members stand beside those of the calendar.
package struct CalendarEntry: DirectoryPayload {
  package static let type = "sluice.calendar-changed.v1"
  package static let kind = "calendar"

  package var id: String
  package var calendar: WorkingCalendar
  package var version: Int64
  package var changedAt: Instant
  package var changedBy: String

  package init(
    id: String, calendar: WorkingCalendar, version: Int64 = 1, changedAt: Instant,
    changedBy: String
  ) {
    self.id = id
    self.calendar = calendar
    self.version = version
    self.changedAt = changedAt
    self.changedBy = changedBy
  }

  private enum CodingKeys: CodingKey { case id, version, changedAt, changedBy }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      id: try container.decode(String.self, forKey: .id),
      calendar: try WorkingCalendar(from: decoder),
      version: try container.decode(Int64.self, forKey: .version),
      changedAt: try container.decode(Instant.self, forKey: .changedAt),
      changedBy: try container.decode(String.self, forKey: .changedBy))
  }

  package func encode(to encoder: any Encoder) throws {
    try calendar.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(id, forKey: .id)
    try container.encode(version, forKey: .version)
    try container.encode(changedAt, forKey: .changedAt)
    try container.encode(changedBy, forKey: .changedBy)
  }
}
