package import Contracts
package import Foundation
import ServiceKit

/// People, teams and working calendars as they are at one moment.
package struct Directory: Sendable {
  package private(set) var people: [String: PersonEntry] = [:]
  package private(set) var teams: [String: TeamEntry] = [:]
  package private(set) var calendars = [CalendarEntry.china.id: CalendarEntry.china]
  /// People by the person they report to, people by team, teams by the one above, teams by leader.
  private var reports = Groups()
  private var members = Groups()
  private var subteams = Groups()
  private var led = Groups()

  package init() {}

  package mutating func set(_ entry: PersonEntry) {
    let before = people.updateValue(entry, forKey: entry.id)
    reports.move(entry.id, from: before?.managerId, to: entry.managerId)
    members.move(entry.id, from: before?.teamId, to: entry.teamId)
  }

  package mutating func set(_ entry: TeamEntry) {
    let before = teams.updateValue(entry, forKey: entry.id)
    subteams.move(entry.id, from: before?.parentId, to: entry.parentId)
    led.move(entry.id, from: before?.managerId, to: entry.managerId)
  }

  package mutating func set(_ entry: CalendarEntry) { calendars[entry.id] = entry }

  /// Where and on which days somebody works: the calendar of the person's team, or of the nearest one
  /// above that has one; Monday to Friday where there is none. Nil where nobody is known by the id.
  package func workingTime(of person: String?) -> WorkingTime? {
    guard let person = person.flatMap({ people[$0] }) else { return nil }
    let calendar = teamLine(person.teamId).lazy.compactMap { $0.calendarId }.first
    return WorkingTime(
      calendar: calendar.flatMap { calendars[$0]?.calendar } ?? .plain,
      zone: TimeZone.named(person.timeZone) ?? .gmt)
  }

  /// Which deals a rep of the team sees.
  package func visibility(in team: String?) -> TeamEntry.Visibility {
    teamLine(team).lazy.compactMap { $0.visibility }.first ?? .own
  }

  /// The team and those above it, from the nearest on.
  package func teamLine(_ id: String?) -> [TeamEntry] {
    var line: [TeamEntry] = []
    var next = id
    while let id = next, let team = teams[id], !line.contains(where: { $0.id == id }) {
      line.append(team)
      next = team.parentId
    }
    return line
  }

  /// Whether a team is one of these or below one of them.
  package func isTeam(_ id: String?, within teams: [String]) -> Bool {
    guard let id else { return false }
    return teams.contains(id) || teamLine(id).contains { teams.contains($0.id) }
  }

  package func members(of team: String) -> Set<String> { members[team] }

  /// Who works under somebody at any level, and which teams: those who report to the person, the
  /// teams that the person leads with all below them and their members, and what is below those.
  package func below(_ person: String) -> (people: Set<String>, teams: Set<String>) {
    var people: Set<String> = []
    var teams: Set<String> = []
    var leaders = [person]
    while let leader = leaders.popLast() {
      var found = reports[leader]
      var open = Array(led[leader])
      while let team = open.popLast() {
        guard teams.insert(team).inserted else { continue }
        found.formUnion(members[team])
        open += subteams[team]
      }
      for one in found where one != person && people.insert(one).inserted { leaders.append(one) }
    }
    return (people, teams)
  }

  /// Who stands above somebody at any level: the other way round from `below`.
  package func above(_ person: String) -> Set<String> {
    var found: Set<String> = []
    var open = [person]
    while let next = open.popLast() {
      guard let entry = people[next] else { continue }
      let leaders = [entry.managerId] + teamLine(entry.teamId).map(\.managerId)
      for leader in leaders.compactMap(\.self)
      where leader != person && found.insert(leader).inserted { open.append(leader) }
    }
    return found
  }

  /// What somebody decides on. What tokens alone can say, the directory does not add.
  package func roles(of person: String) -> Set<String> {
    Set(people[person]?.roles ?? []).subtracting(AccessPolicy.Role.allCases.map(\.rawValue))
  }

  private struct Groups {
    private var groups: [String: Set<String>] = [:]

    subscript(_ key: String) -> Set<String> { groups[key] ?? [] }

    mutating func move(_ id: String, from old: String?, to new: String?) {
      guard old != new else { return }
      if let old { groups[old]?.remove(id) }
      if let new { groups[new, default: []].insert(id) }
    }
  }
}

/// On which days and in which time zone somebody works.
package struct WorkingTime: Hashable, Sendable {
  package var calendar: WorkingCalendar
  package var zone: TimeZone

  package init(calendar: WorkingCalendar, zone: TimeZone) {
    self.calendar = calendar
    self.zone = zone
  }

  /// See ``WorkingCalendar/deadline(from:days:in:)``.
  package func deadline(from start: Instant, days: Double) -> Instant {
    calendar.deadline(from: start, days: days, in: zone)
  }
}

extension CalendarEntry {
  /// Mainland China, as it is there before anybody has made it: at version 0.
  package static let china = CalendarEntry(
    id: "cn", calendar: .china, version: 0,
    changedAt: Instant(milliseconds: 1_762_214_400_000),  // 2025-11-04, when 2026 was announced
    changedBy: "sluice")
}
