import Contracts
import Testing

@testable import Notifier

@Suite struct EventFilterTests {
  private let subject = EventSubject(
    pipeline: "general", team: "east", owner: "li.na", stages: ["lead", "offer", nil])

  @Test func whatIsNotSetFitsEverything() {
    #expect(EventFilter().fits(subject))
    #expect(EventFilter().fits(EventSubject(pipeline: "other", stages: [])))
  }

  @Test func everyMemberMustFit() {
    #expect(EventFilter(pipeline: ["a", "general"], team: ["east"]).fits(subject))
    #expect(!EventFilter(pipeline: ["general"], team: ["west"]).fits(subject))
    #expect(EventFilter(stage: ["offer"]).fits(subject))
    #expect(EventFilter(stage: ["lead"]).fits(subject))
    #expect(!EventFilter(stage: ["won"]).fits(subject))
    #expect(!EventFilter(owner: ["wang.wei"]).fits(subject))
  }

  @Test func whatADealDoesNotHaveFitsNoValue() {
    #expect(!EventFilter(team: ["east"]).fits(EventSubject(pipeline: "general", stages: [])))
  }

  @Test func aTextIsAnArrayOfOne() throws {
    let filter = try JSONCoding.decode(
      EventFilter.self, from: Array(#"{"team":"east","stage":["a","b"],"owner":null}"#.utf8))
    #expect(filter == EventFilter(team: ["east"], stage: ["a", "b"]))
    #expect(
      String(decoding: try JSONCoding.encode(filter), as: UTF8.self)
        == #"{"stage":["a","b"],"team":["east"]}"#)
  }

  @Test(arguments: [#"{"teams":"east"}"#, #"{"team":3}"#, #"{"team":[1]}"#, "[]"])
  func whatIsNoFilterIsRefused(_ json: String) {
    #expect(throws: DecodingError.self) {
      try JSONCoding.decode(EventFilter.self, from: Array(json.utf8))
    }
  }
}
