import Contracts
import Testing

@testable import Sluice

@Suite struct DemoDayTests {
  private static let morning = DemoDay(now: Instant("2026-11-23T01:00:00Z")!)
  private static let evening = DemoDay(now: Instant("2026-11-23T20:00:00Z")!)
  private static let tomorrow = DemoDay(now: Instant("2026-11-24T01:00:00Z")!)

  private static func creations(_ day: DemoDay) -> [NewOpportunity] {
    day.commands.compactMap { if case .create(let new) = $0.action { new } else { nil } }
  }

  @Test func aDayIsLoadedOnceAndAnotherDayIsAnother() {
    #expect(Self.morning.commands.map(\.id) == Self.evening.commands.map(\.id))
    let ids = Set(Self.morning.commands.map(\.id))
    #expect(ids.count == Self.morning.commands.count)
    #expect(ids.isDisjoint(with: Self.tomorrow.commands.map(\.id)))
  }

  /// Three days after a deal came into its stage, by the template, its follow-up is due.
  @Test func twoFollowUpsBecomeDueInHalfAMinute() throws {
    let due = try Self.morning.commands.map { command in
      try #require(command.occurredAt).adding(days: 3).days(since: Self.morning.now)
    }
    #expect(due.count { $0 < 60.0 / 86_400 } == 2)
    #expect(due.allSatisfy { $0 > 0 })
  }

  @Test func activitiesMeetTheDealsOfTheDay() throws {
    let deals = Self.creations(Self.morning)
    let externalIds = Set(deals.compactMap(\.externalId))
    #expect(externalIds.contains(Self.morning.externalId(DemoDay.tryMe)))
    let mails = deals.compactMap { $0.fields?["contactEmail"] }
    var matched = 0
    for activity in Self.morning.activities {
      guard case .object(let event) = activity, case .object(let data)? = event["data"] else {
        Issue.record("not an event: \(activity)")
        continue
      }
      if case .string(let id)? = data["externalId"] {
        #expect(externalIds.contains(id))
        matched += 1
      }
      if case .object(let contact)? = data["contact"], let mail = contact["email"],
        mails.contains(mail)
      {
        matched += 1
      }
    }
    // One comes by telephone, and one is of somebody whom nobody knows.
    #expect(matched == Self.morning.activities.count - 2)
  }

  @Test func thePoisonIsNoJSON() {
    let poison = Self.morning.poison
    #expect(throws: (any Error).self) {
      try JSONCoding.decode(JSONValue.self, from: poison.value ?? [])
    }
    #expect(poison.header("ce_type") == ObservedActivity.type)
  }
}
