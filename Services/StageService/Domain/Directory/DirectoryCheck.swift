import Contracts
import Foundation
import ServiceWiring

/// What is wrong with an entry that somebody wants to put into the directory: all of it at once, each
/// with the place and what would be right.
enum DirectoryCheck {
  static let maximumTextLength = 500
  static let maximumItems = 50
  static let maximumDays = 2_000

  static func failures(of person: PersonEntry, in directory: Directory) -> [GateFailure] {
    var failures = id(person.id) + text(person.name, at: "/name")
    if let email = person.email { failures += address(email, isEmail: true, at: "/email") }
    failures += team(person.teamId, at: "/teamId", in: directory)
    failures += self.person(
      person.managerId, at: "/managerId", in: directory, itself: person.id)
    if let line = cycle(from: person.id, to: person.managerId, { directory.people[$0]?.managerId })
    {
      failures.append(
        .invalid(
          "/managerId", "cycle", zh: "形成环：\(line)", en: "makes a circle: \(line)"))
    }
    failures += roles(person.roles)
    if TimeZone.named(person.timeZone) == nil {
      failures.append(
        .invalid(
          "/timeZone", "unknown-time-zone", zh: "不是 IANA 时区，例如 Asia/Shanghai",
          en: "is no IANA time zone such as Asia/Shanghai"))
    }
    if !["zh", "en"].contains(person.language) {
      failures.append(
        .invalid("/language", "unknown-language", zh: "须为 zh 或 en", en: "must be zh or en"))
    }
    if let absence = person.absence { failures += self.absence(absence, of: person, in: directory) }
    failures += channels(person.channels)
    return failures
  }

  static func failures(of team: TeamEntry, in directory: Directory) -> [GateFailure] {
    var failures = id(team.id) + (team.name.map { name($0, at: "/name") } ?? [])
    failures += self.team(team.parentId, at: "/parentId", in: directory, itself: team.id)
    failures += person(team.managerId, at: "/managerId", in: directory)
    if let line = cycle(from: team.id, to: team.parentId, { directory.teams[$0]?.parentId }) {
      failures.append(
        .invalid("/parentId", "cycle", zh: "形成环：\(line)", en: "makes a circle: \(line)"))
    }
    if let calendar = team.calendarId, directory.calendars[calendar] == nil {
      failures.append(
        .invalid(
          "/calendarId", "unknown-calendar", zh: "没有日历“\(calendar)”；GET /v1/calendars 列出全部",
          en: "names the calendar “\(calendar)”, which there is not; GET /v1/calendars lists them"))
    }
    return failures
  }

  static func failures(of entry: CalendarEntry) -> [GateFailure] {
    let calendar = entry.calendar
    var failures = id(entry.id) + name(calendar.name, at: "/name")
    var places: [CalendarDay: String] = [:]
    for (list, days) in [("holidays", calendar.holidays), ("makeUpDays", calendar.makeUpDays)] {
      failures += count(days.count, at: "/\(list)", limit: maximumDays)
      for (index, day) in days.prefix(maximumDays).enumerated() {
        failures += name(day.name, at: "/\(list)/\(index)/name")
        let place = "/\(list)/\(index)/date"
        if let other = places.updateValue(place, forKey: day.date) {
          failures.append(
            .invalid(
              place, "duplicate-date", zh: "\(day.date) 已在 \(other) 出现",
              en: "\(day.date) stands at \(other) already"))
        }
      }
    }
    failures += count(calendar.provisionalYears.count, at: "/provisionalYears", limit: maximumItems)
    return failures
  }

  static func failures(of entry: ExchangeRatesEntry) -> [GateFailure] {
    var failures: [GateFailure] = []
    if !Money.isCurrency(entry.base) { failures.append(.notACurrency("/base")) }
    failures += count(entry.rates.count, at: "/rates", limit: 200)
    if entry.rates.isEmpty {
      failures.append(.invalid("/rates", "required", zh: "不能为空", en: "must not be empty"))
    }
    for (currency, rate) in entry.rates.sorted(by: { $0.key < $1.key }) {
      let place = "/rates/\(currency)"
      if !Money.isCurrency(currency) { failures.append(.notACurrency(place)) }
      if currency == entry.base {
        failures.append(
          .invalid(
            place, "base-currency", zh: "是基准货币，不需要汇率",
            en: "is the base currency and needs no rate"))
      }
      if !isRate(rate) {
        failures.append(
          .invalid(
            place, "invalid-rate", zh: "须为大于 0 的十进制文本，例如 \"7.1234\"",
            en: "must be a decimal text above 0 such as \"7.1234\""))
      }
    }
    return failures
  }

  /// Up to twelve digits before the point and after it, without a sign, and not zero.
  static func isRate(_ text: String) -> Bool {
    let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return (1...2).contains(parts.count)
      && parts.allSatisfy { part in
        (1...12).contains(part.count) && part.allSatisfy { (48...57).contains($0) }
      }
      && text.utf8.contains { (49...57).contains($0) }
  }
}
