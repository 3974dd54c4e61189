package import Foundation

/// On which days people work: the days of the week, and by date the holidays and the days off that
/// are worked to make up for a holiday (调休).
package struct WorkingCalendar: Hashable, Sendable {
  /// A date and what it is called.
  package struct NamedDay: Codable, Hashable, Sendable {
    package var date: CalendarDay
    package var name: LocalizedText

    package init(_ date: CalendarDay, _ name: LocalizedText) {
      self.date = date
      self.name = name
    }
  }

  package let name: LocalizedText
  /// Never empty.
  package let workingDays: Set<Weekday>
  package let holidays: [NamedDay]
  /// Worked whatever the day of the week is, and even where a holiday falls on the same date.
  package let makeUpDays: [NamedDay]
  /// Years of which the official schedule was not known when the calendar was written: their holidays
  /// follow from the law alone, their make-up days are missing.
  package let provisionalYears: [Int]
  /// Whether a date that is no ordinary day of the week is worked.
  private let exceptions: [CalendarDay: Bool]

  package init(
    name: LocalizedText, workingDays: Set<Weekday> = Weekday.mondayToFriday,
    holidays: [NamedDay] = [], makeUpDays: [NamedDay] = [], provisionalYears: [Int] = []
  ) {
    precondition(!workingDays.isEmpty, "a calendar has a working day in every week")
    self.name = name
    self.workingDays = workingDays
    self.holidays = holidays
    self.makeUpDays = makeUpDays
    self.provisionalYears = provisionalYears
    var exceptions: [CalendarDay: Bool] = [:]
    for holiday in holidays { exceptions[holiday.date] = false }
    for day in makeUpDays { exceptions[day.date] = true }
    self.exceptions = exceptions
  }

  /// Monday to Friday without any holiday.
  package static let plain = WorkingCalendar(
    name: LocalizedText(zh: "周一至周五", en: "Monday to Friday"))

  package func isWorkingDay(_ day: CalendarDay) -> Bool {
    exceptions[day] ?? workingDays.contains(day.weekday)
  }

  /// The first working day on or after the day.
  package func workingDay(from day: CalendarDay) -> CalendarDay {
    var day = day
    // Ends: holidays are finitely many, and every week has a working day.
    while !isWorkingDay(day) { day = day.next }
    return day
  }

  /// The instant that lies a number of working days after another.
  ///
  /// It is the same time of day on the wall of `zone`, that many working days later: from Friday
  /// 15:00 one working day reaches to Monday 15:00. A start on a day off counts from the start
  /// (00:00) of the next working day: from Saturday 15:00 one working day reaches to Tuesday 00:00,
  /// so that all of Monday is there to work in. The result always lies on a working day.
  ///
  /// A fraction is that part of a working day's 24 hours on the wall, which run on working days only:
  /// from Friday 15:00 half a working day, twelve hours, reaches to Monday 03:00.
  ///
  /// A result at a time that the clocks skip when they are put forward is as much later as they skip;
  /// of a time that they show twice, the first counts.
  ///
  /// - Parameter days: from 0 to 100,000; what lies outside counts as the nearer bound.
  package func deadline(from start: Instant, days: Double, in zone: TimeZone) -> Instant {
    var clock = workingClock(at: start, in: zone)
    let days = min(max(days, 0), 100_000)
    let perDay = WallClock.microsecondsPerDay
    let total = clock.microseconds + Int64((days * Double(perDay)).rounded())
    for _ in 0..<(total / perDay) { clock.day = workingDay(from: clock.day.next) }
    clock.microseconds = total % perDay
    // Between the two times that the clocks show the same, the first lies before the start.
    return max(start, clock.instant(in: zone))
  }
}

extension WorkingCalendar {
  /// How many working days a deadline that was set at `start` for `end` has: the other way round from
  /// ``deadline(from:days:in:)``. A time on a day off counts as the start of the next working day;
  /// 0 where the end does not lie behind the start.
  package func workingDays(from start: Instant, to end: Instant, in zone: TimeZone) -> Double {
    var (clock, last) = (workingClock(at: start, in: zone), workingClock(at: end, in: zone))
    var days = 0.0
    while clock.day < last.day {
      clock.day = workingDay(from: clock.day.next)
      days += 1
    }
    let rest = Double(last.microseconds - clock.microseconds)
    return clock.day == last.day ? max(0, days + rest / Double(WallClock.microsecondsPerDay)) : 0
  }

  private func workingClock(at instant: Instant, in zone: TimeZone) -> WallClock {
    let clock = WallClock(at: instant, in: zone)
    return isWorkingDay(clock.day) ? clock : WallClock(day: workingDay(from: clock.day))
  }
}

extension Weekday {
  package static let mondayToFriday: Set<Weekday> = [
    .monday, .tuesday, .wednesday, .thursday, .friday,
  ]
}

extension WorkingCalendar: Codable {
  private enum CodingKeys: CodingKey {
    case name, workingDays, holidays, makeUpDays, provisionalYears
  }

  /// Without `workingDays` it is Monday to Friday; the other lists may be left out.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let days = try container.decodeIfPresent([Weekday].self, forKey: .workingDays)
    guard days?.isEmpty != true else {
      throw DecodingError.dataCorruptedError(
        forKey: .workingDays, in: container,
        debugDescription: "expected at least one of mon, tue, wed, thu, fri, sat, sun")
    }
    self.init(
      name: try container.decode(LocalizedText.self, forKey: .name),
      workingDays: days.map { Set($0) } ?? Weekday.mondayToFriday,
      holidays: try container.decodeIfPresent([NamedDay].self, forKey: .holidays) ?? [],
      makeUpDays: try container.decodeIfPresent([NamedDay].self, forKey: .makeUpDays) ?? [],
      provisionalYears: try container.decodeIfPresent([Int].self, forKey: .provisionalYears) ?? [])
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(Weekday.allCases.filter(workingDays.contains), forKey: .workingDays)
    try container.encode(holidays, forKey: .holidays)
    try container.encode(makeUpDays, forKey: .makeUpDays)
    try container.encode(provisionalYears, forKey: .provisionalYears)
  }
}
