import Contracts

/// Deadlines computed by hand from the announced schedules: start, time zone, working days, expected.
struct DeadlineRow: Sendable, CustomStringConvertible {
  let start: String
  let zone: String
  let days: Double
  let expected: String
  var calendar = WorkingCalendar.china

  var description: String { "\(start) in \(zone) + \(days)" }

  init(_ start: String, _ zone: String, _ days: Double, _ expected: String) {
    self.start = start
    self.zone = zone
    self.days = days
    self.expected = expected
  }

  /// A row of 2026 or any other year in Shanghai; the times without their offset.
  fileprivate static func cn(_ start: String, _ days: Double, _ expected: String) -> DeadlineRow {
    DeadlineRow(start + "+08:00", "Asia/Shanghai", days, expected + "+08:00")
  }

  fileprivate static func on(
    _ calendar: WorkingCalendar, _ start: String, _ zone: String, _ days: Double, _ expected: String
  ) -> DeadlineRow {
    var row = DeadlineRow(start, zone, days, expected)
    row.calendar = calendar
    return row
  }
}

enum DeadlineTable {
  static let all =
    springFestival + newYear + springToSummer + autumn + provisional2027 + timeZones + clockChanges

  private static let everyDay = WorkingCalendar(
    name: LocalizedText(zh: "每天", en: "Every day"), workingDays: Set(Weekday.allCases))
  private static let sundayToThursday = WorkingCalendar(
    name: LocalizedText(zh: "周日至周四", en: "Sunday to Thursday"),
    workingDays: [.sunday, .monday, .tuesday, .wednesday, .thursday])

  /// 15 to 23 February off; the Saturdays 14 and 28 February are worked.
  private static let springFestival: [DeadlineRow] = [
    .cn("2026-02-13T15:00:00", 1, "2026-02-14T15:00:00"),
    .cn("2026-02-13T15:00:00", 2, "2026-02-24T15:00:00"),
    .cn("2026-02-13T15:00:00", 3, "2026-02-25T15:00:00"),
    .cn("2026-02-14T09:30:00", 1, "2026-02-24T09:30:00"),
    .cn("2026-02-14T09:30:00", 5, "2026-02-28T09:30:00"),
    .cn("2026-02-14T09:30:00", 6, "2026-03-02T09:30:00"),
    .cn("2026-02-15T10:00:00", 1, "2026-02-25T00:00:00"),
    .cn("2026-02-17T23:59:59", 3, "2026-02-27T00:00:00"),
    .cn("2026-02-23T23:59:00", 5, "2026-03-02T00:00:00"),
    .cn("2026-02-12T18:00:00", 3, "2026-02-24T18:00:00"),
    .cn("2026-02-27T16:00:00", 1, "2026-02-28T16:00:00"),
    .cn("2026-02-28T16:00:00", 1, "2026-03-02T16:00:00"),
    .cn("2026-02-14T18:00:00", 0.5, "2026-02-24T06:00:00"),
    .cn("2026-02-14T00:00:00", 0.25, "2026-02-14T06:00:00"),
    .cn("2026-02-09T09:00:00", 10, "2026-02-28T09:00:00"),
    .cn("2026-02-17T12:00:00", 0, "2026-02-24T00:00:00"),
    .cn("2026-02-14T12:00:00", 0, "2026-02-14T12:00:00"),
  ]

  /// 1 to 3 January 2026 off, Sunday the 4th is worked; 2027 has Friday the 1st.
  private static let newYear: [DeadlineRow] = [
    .cn("2025-12-31T17:00:00", 1, "2026-01-04T17:00:00"),
    .cn("2025-12-31T17:00:00", 2, "2026-01-05T17:00:00"),
    .cn("2026-01-02T12:00:00", 1, "2026-01-05T00:00:00"),
    .cn("2026-01-04T08:00:00", 0.5, "2026-01-04T20:00:00"),
    .cn("2026-01-04T20:00:00", 0.5, "2026-01-05T08:00:00"),
    .cn("2026-12-31T09:00:00", 1, "2027-01-04T09:00:00"),
    .cn("2026-12-30T09:00:00", 3, "2027-01-05T09:00:00"),
    .cn("2027-01-01T00:00:00", 1, "2027-01-05T00:00:00"),
  ]

  /// Off: 4 to 6 April, 1 to 5 May (Saturday the 9th is worked), 19 to 21 June.
  private static let springToSummer: [DeadlineRow] = [
    .cn("2026-04-03T11:00:00", 1, "2026-04-07T11:00:00"),
    .cn("2026-04-06T11:00:00", 2, "2026-04-09T00:00:00"),
    .cn("2026-04-30T14:00:00", 1, "2026-05-06T14:00:00"),
    .cn("2026-04-30T14:00:00", 3, "2026-05-08T14:00:00"),
    .cn("2026-04-30T14:00:00", 4, "2026-05-09T14:00:00"),
    .cn("2026-04-30T14:00:00", 5, "2026-05-11T14:00:00"),
    .cn("2026-05-09T10:00:00", 2, "2026-05-12T10:00:00"),
    .cn("2026-05-10T10:00:00", 1, "2026-05-12T00:00:00"),
    .cn("2026-06-18T15:00:00", 1, "2026-06-22T15:00:00"),
    .cn("2026-06-18T15:00:00", 1.5, "2026-06-23T03:00:00"),
  ]

  /// Off: 25 to 27 September, 1 to 7 October; Sunday 20 September and Saturday 10 October are worked.
  private static let autumn: [DeadlineRow] = [
    .cn("2026-09-18T17:30:00", 1, "2026-09-20T17:30:00"),
    .cn("2026-09-18T17:30:00", 2, "2026-09-21T17:30:00"),
    .cn("2026-09-19T12:00:00", 1, "2026-09-21T00:00:00"),
    .cn("2026-09-24T09:00:00", 1, "2026-09-28T09:00:00"),
    .cn("2026-09-24T09:00:00", 4, "2026-10-08T09:00:00"),
    .cn("2026-09-30T16:00:00", 1, "2026-10-08T16:00:00"),
    .cn("2026-09-30T16:00:00", 2, "2026-10-09T16:00:00"),
    .cn("2026-09-30T16:00:00", 3, "2026-10-10T16:00:00"),
    .cn("2026-09-30T16:00:00", 4, "2026-10-12T16:00:00"),
    .cn("2026-10-03T08:00:00", 2.5, "2026-10-10T12:00:00"),
    .cn("2026-10-10T09:00:00", 1, "2026-10-12T09:00:00"),
    .cn("2026-10-11T09:00:00", 1, "2026-10-13T00:00:00"),
    .cn("2026-09-15T10:00:00", 10, "2026-09-29T10:00:00"),
    .cn("2026-09-30T23:59:59.999999", 1, "2026-10-08T23:59:59.999999"),
  ]

  /// By the law alone: off 5 to 10 February, 1 to 4 May, 9 June, 1 to 5 October.
  private static let provisional2027: [DeadlineRow] = [
    .cn("2027-02-04T15:00:00", 1, "2027-02-11T15:00:00"),
    .cn("2027-04-30T15:00:00", 1, "2027-05-05T15:00:00"),
    .cn("2027-06-08T15:00:00", 1, "2027-06-10T15:00:00"),
    .cn("2027-09-30T15:00:00", 2, "2027-10-07T15:00:00"),
  ]

  /// What day it is, and when it ends, is the zone's matter.
  private static let timeZones: [DeadlineRow] = [
    // Friday night in New York, where it is Saturday noon in Shanghai.
    DeadlineRow(
      "2026-02-13T23:30:00-05:00", "America/New_York", 1, "2026-02-14T23:30:00-05:00"),
    // Half past midnight of the 15th in Shanghai.
    DeadlineRow("2026-02-14T16:30:00Z", "Asia/Shanghai", 1, "2026-02-25T00:00:00+08:00"),
    DeadlineRow("2026-09-30T23:00:00+06:00", "Asia/Urumqi", 1, "2026-10-08T23:00:00+06:00"),
    .on(.plain, "2026-03-06T15:00:00Z", "UTC", 1, "2026-03-09T15:00:00Z"),
    .on(.plain, "2026-12-31T10:00:00Z", "UTC", 1, "2027-01-01T10:00:00Z"),
    .on(.plain, "2028-02-28T10:00:00Z", "UTC", 1, "2028-02-29T10:00:00Z"),
    .on(
      sundayToThursday, "2026-03-05T12:00:00+03:00", "Asia/Riyadh", 1, "2026-03-08T12:00:00+03:00"),
    .on(
      .plain, "2026-03-06T23:50:00+05:45", "Asia/Kathmandu", 0.5, "2026-03-09T11:50:00+05:45"),
    // Saturday already on Kiritimati, Friday still on Samoa.
    .on(.plain, "2026-03-06T10:30:00Z", "Pacific/Kiritimati", 1, "2026-03-10T00:00:00+14:00"),
    .on(.plain, "2026-03-07T10:30:00Z", "Pacific/Pago_Pago", 1, "2026-03-09T23:30:00-11:00"),
  ]

  private static let clockChanges: [DeadlineRow] = [
    .on(
      .plain, "2026-03-06T15:00:00-05:00", "America/New_York", 1, "2026-03-09T15:00:00-04:00"),
    .on(.plain, "2026-10-23T18:00:00+02:00", "Europe/Berlin", 1, "2026-10-26T18:00:00+01:00"),
    // Times that are skipped: from 00:00 to 01:00, 02:00 to 03:00, 02:00 to 02:30.
    .on(.plain, "2026-04-23T00:30:00+02:00", "Africa/Cairo", 1, "2026-04-24T01:30:00+03:00"),
    .on(
      everyDay, "2026-03-07T02:30:00-05:00", "America/New_York", 1, "2026-03-08T03:30:00-04:00"),
    .on(
      everyDay, "2026-10-03T02:15:00+10:30", "Australia/Lord_Howe", 1, "2026-10-04T02:45:00+11:00"),
    // A time that comes twice; and a start at the second of them.
    .on(
      everyDay, "2026-10-31T01:30:00-04:00", "America/New_York", 1, "2026-11-01T01:30:00-04:00"),
    .on(
      everyDay, "2026-11-01T01:30:00-05:00", "America/New_York", 0, "2026-11-01T01:30:00-05:00"),
    .on(
      everyDay, "2026-11-01T01:30:00-05:00", "America/New_York", 1, "2026-11-02T01:30:00-05:00"),
  ]
}
