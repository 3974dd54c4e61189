import Contracts
import Foundation
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

@Suite struct DirectoryTests {
  @Test func whoIsBelowWhom() {
    let directory = Staff.directory
    #expect(
      directory.below("zhou.ting").people
        == ["wang.li", "li.na", "chen.hao", "sun.fei", "he.yan", "gu.wen"])
    #expect(directory.below("zhou.ting").teams == ["china", "east", "east-1", "west"])
    #expect(directory.below("wang.li").people == ["li.na", "chen.hao", "gu.wen"])
    #expect(directory.below("wang.li").teams == ["east", "east-1"])
    #expect(directory.below("sun.fei").people == ["he.yan"])
    #expect(directory.below("li.na").people.isEmpty)
    #expect(directory.below("nobody").teams.isEmpty)
  }

  @Test func aboveIsBelowTheOtherWayRound() {
    let directory = Staff.directory
    for person in Staff.people {
      let above = Staff.people.map(\.id).filter {
        directory.below($0).people.contains(person.id)
      }
      #expect(directory.above(person.id) == Set(above), "\(person.id)")
    }
    #expect(directory.above("chen.hao") == ["wang.li", "zhou.ting"])
    #expect(directory.above("ghost").isEmpty)
  }

  @Test func theDirectoryAddsNoRoleOfTokens() {
    var directory = Staff.directory
    directory.set(Staff.person("li.na") { $0.roles = ["legal", "admin", "manager"] })
    #expect(directory.roles(of: "li.na") == ["legal"])
    #expect(directory.roles(of: "ghost").isEmpty)
    let standing = Standing.byDirectory(directory, "li.na", "chen.hao")
    #expect(standing.roles == ["legal"] && standing.ownerManagers == ["wang.li", "zhou.ting"])
    #expect(Standing.byDirectory(directory, "li.na", nil).ownerManagers.isEmpty)
  }

  @Test func twoLeadersOfEachOtherAreNoEndlessWalk() {
    var directory = Directory()
    for entry in [Staff.person("a", team: "one"), Staff.person("b", team: "two")] {
      directory.set(entry)
    }
    directory.set(Staff.team("one", lead: "b"))
    directory.set(Staff.team("two", lead: "a"))
    #expect(directory.below("a").people == ["b"])
    #expect(directory.below("a").teams == ["one", "two"])
  }

  @Test func aChangedEntryLeavesItsOldPlace() {
    var directory = Staff.directory
    directory.set(Staff.person("li.na", team: "west"))
    directory.set(Staff.person("gu.wen"))
    directory.set(Staff.team("east-1", under: "west"))
    #expect(directory.below("wang.li").people.isEmpty)
    #expect(directory.below("sun.fei").people == ["he.yan", "li.na", "chen.hao"])
    #expect(directory.below("sun.fei").teams == ["west", "east-1"])
  }

  @Test func theCalendarIsThatOfTheNearestTeamThatHasOne() {
    var directory = Staff.directory
    #expect(directory.workingTime(of: "chen.hao")?.calendar == .china)
    #expect(directory.workingTime(of: "chen.hao")?.zone.identifier == "America/New_York")
    #expect(directory.workingTime(of: "gu.wen")?.calendar == .plain)
    #expect(directory.workingTime(of: "nobody") == nil)
    #expect(directory.workingTime(of: nil) == nil)
    let daily = WorkingCalendar(
      name: LocalizedText(zh: "每天", en: "Every day"), workingDays: Set(Weekday.allCases))
    directory.set(
      CalendarEntry(id: "daily", calendar: daily, changedAt: Staff.at, changedBy: "chen.admin"))
    directory.set(Staff.team("east-1", under: "east", calendar: "daily"))
    #expect(directory.workingTime(of: "chen.hao")?.calendar == daily)
    #expect(directory.workingTime(of: "li.na")?.calendar == .china)
  }

  @Test func theShippedCalendarCanBeReplaced() {
    var directory = Directory()
    #expect(directory.calendars["cn"] == .china)
    #expect(directory.calendars["cn"]?.version == 0)
    #expect(directory.calendars["us"] == nil)
    directory.set(
      CalendarEntry(id: "cn", calendar: .plain, changedAt: Staff.at, changedBy: "chen.admin"))
    #expect(directory.calendars["cn"]?.calendar == .plain)
  }

  @Test func visibilityIsInheritedAndOwnAtTheTop() {
    let directory = Staff.directory
    #expect(directory.visibility(in: "east-1") == .team)
    #expect(directory.visibility(in: "west") == .own)
    #expect(directory.visibility(in: nil) == .own)
  }
}

/// Every way in which an entry can be wrong, with its code and place.
@Suite struct DirectoryCheckTests {
  private typealias Found = [String]

  private func found(_ failures: [GateFailure]) -> [String] {
    for failure in failures {
      #expect(!failure.message.zh.isEmpty && !failure.message.en.isEmpty)
    }
    return failures.map { "\($0.pointer) \($0.code)" }
  }

  @Test func goodEntriesPass() {
    let directory = Staff.directory
    for person in Staff.people { #expect(DirectoryCheck.failures(of: person, in: directory) == []) }
    for team in Staff.teams { #expect(DirectoryCheck.failures(of: team, in: directory) == []) }
    let china = CalendarEntry(
      id: "cn", calendar: .china, changedAt: Staff.at, changedBy: "chen.admin")
    #expect(DirectoryCheck.failures(of: china) == [])
    let full = Staff.person("li.na", team: "east", manager: "wang.li") {
      $0.email = "li.na@example.com"
      $0.roles = ["legal"]
      $0.absence = .init(
        from: CalendarDay("2026-12-21")!, to: CalendarDay("2026-12-21")!, delegateId: "gu.wen")
      $0.channels = PersonEntry.Channel.kinds.map { .init(kind: $0, address: "a@b") }
    }
    #expect(DirectoryCheck.failures(of: full, in: directory) == [])
  }

  @Test(arguments: ["", "a b", "a/b", "a:b", "a%b", "a?b", "a#b", "\u{1}", "\u{3000}", .tooLong])
  func whatIsNoID(_ id: String) {
    #expect(
      found(DirectoryCheck.failures(of: Staff.person(id), in: Directory())).first
        == "/id invalid-id")
    #expect(!DirectoryID.isValid(id))
  }

  @Test(arguments: ["li.na", "李娜", "li.na@example.com", "a-b_c+d", "service.portal"])
  func whatIsAnID(_ id: String) { #expect(DirectoryID.isValid(id)) }

  @Test func everythingThatIsWrongWithAPersonIsListed() {
    let person = Staff.person("li.na", team: "north", manager: "nobody", zone: "CST") {
      $0.name = " "
      $0.email = "li.na"
      $0.roles = ["legal", "Chief Of"]
      $0.language = "fr"
      $0.absence = .init(
        from: CalendarDay("2026-12-21")!, to: CalendarDay("2026-12-20")!, delegateId: "ghost")
      $0.channels = [.init(kind: "fax", address: ""), .init(kind: "email", address: "a@@b")]
    }
    #expect(
      found(DirectoryCheck.failures(of: person, in: Staff.directory)) == [
        "/name required", "/email invalid-email", "/teamId unknown-team",
        "/managerId unknown-person", "/roles/1 invalid-key", "/timeZone unknown-time-zone",
        "/language unknown-language", "/absence/to out-of-range",
        "/absence/delegateId unknown-person", "/channels/0/kind unknown-kind",
        "/channels/0/address required", "/channels/1/address invalid-email",
      ])
  }

  @Test func textsAndListsHaveTheirLimits() {
    let person = Staff.person("li.na") {
      $0.name = String(repeating: "娜", count: 501)
      $0.email = "a\u{7}@b"
      $0.roles = Array(repeating: "a", count: 51)
      $0.channels = Array(repeating: .init(kind: "wecom", address: "x"), count: 51)
      $0.absence = .init(
        from: CalendarDay("2026-12-21")!, to: CalendarDay("2026-12-21")!, delegateId: "li.na")
    }
    #expect(
      found(DirectoryCheck.failures(of: person, in: Staff.directory)) == [
        "/name too-long", "/email invalid-text", "/roles too-many",
        "/absence/delegateId own-delegate", "/channels too-many",
      ])
  }

  @Test func nobodyReportsToThemselvesInTheEnd() throws {
    let directory = Staff.directory
    let itself = DirectoryCheck.failures(of: Staff.person("new", manager: "new"), in: directory)
    #expect(found(itself) == ["/managerId cycle"])
    #expect(itself[0].message.en.contains("new → new"))
    let around = DirectoryCheck.failures(
      of: Staff.person("wang.li", manager: "gu.wen"), in: directory)
    #expect(found(around) == ["/managerId cycle"])
    #expect(around[0].message.zh.contains("wang.li → gu.wen → wang.li"))
  }

  @Test func teamsAreATree() {
    let directory = Staff.directory
    let itself = DirectoryCheck.failures(of: Staff.team("new", under: "new"), in: directory)
    #expect(found(itself) == ["/parentId cycle"])
    let around = DirectoryCheck.failures(of: Staff.team("china", under: "east-1"), in: directory)
    #expect(found(around) == ["/parentId cycle"])
    #expect(around[0].message.en.contains("china → east-1 → east → china"))
    let wrong = TeamEntry(
      id: "new", name: LocalizedText(zh: "", en: "New"), parentId: "north", managerId: "nobody",
      calendarId: "us", changedAt: Staff.at, changedBy: "chen.admin")
    #expect(
      found(DirectoryCheck.failures(of: wrong, in: directory)) == [
        "/name/zh required", "/parentId unknown-team", "/managerId unknown-person",
        "/calendarId unknown-calendar",
      ])
  }

  @Test func aDateStandsInACalendarOnce() {
    let name = LocalizedText(zh: "某日", en: "Some day")
    let day = WorkingCalendar.NamedDay(CalendarDay("2026-10-01")!, name)
    func check(_ calendar: WorkingCalendar) -> [String] {
      found(
        DirectoryCheck.failures(
          of: CalendarEntry(
            id: "x", calendar: calendar, changedAt: Staff.at, changedBy: "chen.admin")))
    }
    #expect(
      check(WorkingCalendar(name: name, holidays: [day, day], makeUpDays: [day])) == [
        "/holidays/1/date duplicate-date", "/makeUpDays/0/date duplicate-date",
      ])
    var nameless = day
    nameless.name.en = ""
    #expect(
      check(WorkingCalendar(name: LocalizedText(zh: "", en: ""), holidays: [nameless])) == [
        "/name/zh required", "/name/en required", "/holidays/0/name/en required",
      ])
    let many = (0..<2_001).map { WorkingCalendar.NamedDay(CalendarDay(days: $0), name) }
    #expect(
      check(
        WorkingCalendar(name: name, makeUpDays: many, provisionalYears: Array(0...50)))
        == ["/makeUpDays too-many", "/provisionalYears too-many"])
  }

  @Test func ratesAreDecimalTextsOfCurrencies() {
    func check(_ rates: [String: String], base: String = "CNY") -> [String] {
      found(
        DirectoryCheck.failures(
          of: ExchangeRatesEntry(
            date: CalendarDay("2026-11-23")!, base: base, rates: rates, changedAt: Staff.at,
            changedBy: "chen.admin")))
    }
    #expect(check(["USD": "7.1234", "JPY": "0.0478", "KWD": "23", "EUR": "000000000008.25"]) == [])
    #expect(check([:]) == ["/rates required"])
    #expect(
      check(["cny": "1", "CNY": "1", "USD": "7,1"], base: "yuan") == [
        "/base invalid-currency", "/rates/USD invalid-rate", "/rates/cny invalid-currency",
      ])
    #expect(check(["CNY": "1"]) == ["/rates/CNY base-currency"])
    for rate in [
      "", "0", "0.0", "-1", "+1", "1e3", "1.", ".5", "1.2.3", " 1", "７", "1234567890123",
    ] {
      #expect(check(["USD": rate]) == ["/rates/USD invalid-rate"], "\(rate)")
    }
    let many = Dictionary(
      uniqueKeysWithValues: (0..<201).map { index in
        let letters = [index / 26 + 65, index % 26 + 65].map { Character(UnicodeScalar(UInt8($0))) }
        return ("A" + String(letters), "1")
      })
    #expect(check(many) == ["/rates too-many"])
  }
}

extension String {
  fileprivate static let tooLong = String(repeating: "a", count: 101)
}
