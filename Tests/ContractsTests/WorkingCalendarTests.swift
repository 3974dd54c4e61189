import Contracts
import Foundation
import Testing

@Suite struct WorkingCalendarTests {
  private let shanghai = TimeZone.named("Asia/Shanghai")!

  @Test func theTableHasItsSixtyRows() {
    #expect(DeadlineTable.all.count >= 60)
  }

  @Test(arguments: DeadlineTable.all)
  func deadline(_ row: DeadlineRow) throws {
    let zone = try #require(TimeZone.named(row.zone))
    let start = try #require(Instant(row.start))
    let expected = try #require(Instant(row.expected))
    #expect(row.calendar.deadline(from: start, days: row.days, in: zone) == expected)
  }

  /// Every quarter of an hour over a year boundary, Spring Festival and a change of the clocks.
  @Test(arguments: ["Asia/Shanghai", "America/New_York", "UTC"])
  func aLaterStartHasNoEarlierDeadlineAndItIsAWorkingDay(_ name: String) throws {
    let zone = try #require(TimeZone.named(name))
    for days in [0.1, 1, 2.5] {
      var last = Instant(microseconds: .min)
      for quarter in 0..<(96 * 100) {
        let start = Instant("2025-12-28T00:00:00Z")!.adding(seconds: Double(quarter) * 900)
        let deadline = WorkingCalendar.china.deadline(from: start, days: days, in: zone)
        #expect(deadline >= last && deadline > start, "\(start)")
        last = deadline
        let shown = deadline.adding(seconds: Double(zone.secondsFromGMT(for: date(deadline))))
        let day = try #require(CalendarDay(String(shown.description.prefix(10))))
        #expect(WorkingCalendar.china.isWorkingDay(day), "\(start)")
      }
    }
  }

  /// From Friday 15:00 to Monday 09:00, over a weekend, a holiday, a make-up Saturday, from days off.
  @Test(arguments: [
    ("2026-11-20T15:00:00", "2026-11-23T09:00:00", 0.75),
    ("2026-11-21T15:00:00", "2026-11-23T06:00:00", 0.25),
    ("2026-11-20T15:00:00", "2026-11-22T23:00:00", 0.375),
    ("2026-09-30T16:00:00", "2026-10-10T16:00:00", 3),
    ("2026-02-13T15:00:00", "2026-02-24T15:00:00", 2),
    ("2026-11-23T09:00:00", "2026-11-23T09:00:00", 0),
    ("2026-11-23T09:00:00", "2026-11-20T15:00:00", 0),
    ("2026-11-21T09:00:00", "2026-11-22T15:00:00", 0),
  ])
  func workingDaysBetween(_ start: String, _ end: String, _ days: Double) throws {
    let (start, end) = (Instant(start + "+08:00"), Instant(end + "+08:00"))
    #expect(
      WorkingCalendar.china.workingDays(
        from: try #require(start), to: try #require(end), in: shanghai)
        == days)
  }

  @Test(arguments: DeadlineTable.all)
  func workingDaysAreTheOtherWayRound(_ row: DeadlineRow) throws {
    let zone = try #require(TimeZone.named(row.zone))
    let start = try #require(Instant(row.start))
    let deadline = row.calendar.deadline(from: start, days: row.days, in: zone)
    let days = row.calendar.workingDays(from: start, to: deadline, in: zone)
    #expect(row.calendar.deadline(from: start, days: days, in: zone) == deadline)
  }

  @Test func partsAddUp() {
    let start = Instant("2026-02-13T15:00:00+08:00")!
    var stepped = start
    for _ in 0..<40 {
      stepped = WorkingCalendar.china.deadline(from: stepped, days: 0.25, in: shanghai)
    }
    #expect(stepped == WorkingCalendar.china.deadline(from: start, days: 10, in: shanghai))
  }

  @Test func daysOutOfBoundsCountAsTheBound() {
    let start = Instant("2026-03-02T09:00:00Z")!
    let plain = WorkingCalendar.plain
    #expect(plain.deadline(from: start, days: -3, in: .gmt) == start)
    #expect(
      plain.deadline(from: start, days: 1e300, in: .gmt)
        == plain.deadline(from: start, days: 100_000, in: .gmt))
  }

  @Test func mainlandChinaHasTheAnnouncedDays() {
    func count(_ year: Int, _ days: [WorkingCalendar.NamedDay]) -> Int {
      days.count { $0.date.year == year }
    }
    let china = WorkingCalendar.china
    // 3 + 9 + 3 + 5 + 3 + 3 + 7, and 1 + 2 + 1 + 2.
    #expect(count(2026, china.holidays) == 33)
    #expect(count(2026, china.makeUpDays) == 6)
    // 1 + 4 + 1 + 2 + 1 + 1 + 3, and six in lieu of Saturdays and Sundays.
    #expect(count(2027, china.holidays) == 19)
    #expect(count(2027, china.makeUpDays) == 0)
    #expect(china.provisionalYears == [2027])
    #expect(Set((china.holidays + china.makeUpDays).map(\.date)).count == 58)
    #expect(china.makeUpDays.allSatisfy { [.saturday, .sunday].contains($0.date.weekday) })
    #expect(china.makeUpDays.first?.name.zh == "元旦调休上班")
    #expect(
      (0..<365).count {
        china.isWorkingDay(CalendarDay(days: CalendarDay("2026-01-01")!.days + Int64($0)))
      } == 248)
  }

  @Test func aMakeUpDayGoesBeforeAHoliday() {
    let day = WorkingCalendar.NamedDay(
      CalendarDay("2026-03-04")!, LocalizedText(zh: "某日", en: "Some day"))
    let calendar = WorkingCalendar(name: day.name, holidays: [day], makeUpDays: [day])
    #expect(calendar.isWorkingDay(day.date))
  }

  @Test func itIsReadAsItIsWritten() throws {
    let written = try JSONCoding.encode(WorkingCalendar.china)
    #expect(try JSONCoding.decode(WorkingCalendar.self, from: written) == .china)
    let short = try decode(WorkingCalendar.self, #"{"name":{"zh":"甲","en":"A"}}"#)
    #expect(short.workingDays == Weekday.mondayToFriday && short.holidays.isEmpty)
  }

  @Test(
    arguments: [
      #"{"name":{"zh":"甲","en":"A"},"workingDays":[]}"#,
      #"{"name":{"zh":"甲","en":"A"},"workingDays":["monday"]}"#,
      #"{"name":{"zh":"甲","en":"A"},"holidays":[{"date":"2026-02-30","name":{"zh":"甲","en":"A"}}]}"#,
      #"{"workingDays":["mon"]}"#,
    ])
  func whatIsNoCalendarIsNotRead(_ text: String) {
    #expect(throws: DecodingError.self) { try decode(WorkingCalendar.self, text) }
  }

  @Test func daysAreReadAndWritten() throws {
    for text in ["1969-12-31", "1970-01-01", "2024-02-29", "2026-11-28"] {
      #expect(CalendarDay(text)?.description == text)
    }
    for text in ["2026-02-29", "2026-13-01", "2026-1-01", "2026-01-01T", "", "20260101"] {
      #expect(CalendarDay(text) == nil, "\(text)")
    }
    #expect(CalendarDay("1969-12-31")?.weekday == .wednesday)
    #expect(CalendarDay("2026-11-28")?.weekday == .saturday)
  }

  @Test func onlyNamesOfPlacesAreTimeZones() {
    for name in ["Asia/Shanghai", "America/Argentina/Buenos_Aires", "UTC"] {
      #expect(TimeZone.named(name) != nil, "\(name)")
    }
    for name in ["CST", "GMT+8", "+08:00", "Asia/Atlantis", "", "/", "../etc/passwd"] {
      #expect(TimeZone.named(name) == nil, "\(name)")
    }
  }

  private func date(_ instant: Instant) -> Date {
    Date(timeIntervalSince1970: Double(instant.microseconds) / 1_000_000)
  }
}
