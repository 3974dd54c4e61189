import Contracts
import Testing

@Suite struct InstantTests {
  @Test func everyInstantOfTheCalendarComesBackFromItsText() throws {
    var random = SplitMix(1)
    let first = CivilDate.days(year: 1, month: 1, day: 1) * Instant.secondsPerDay * 1_000_000
    let end = CivilDate.days(year: 10_000, month: 1, day: 1) * Instant.secondsPerDay * 1_000_000
    for _ in 0..<20_000 {
      let instant = Instant(microseconds: .random(in: first..<end, using: &random))
      let text = instant.description
      #expect(text.utf8.count == 27)
      #expect(Instant(text) == instant, "\(text)")
    }
    for edge in [first, end - 1, -1, 0, 1] {
      let instant = Instant(microseconds: edge)
      #expect(Instant(instant.description) == instant)
    }
  }

  @Test func textsSortLikeInstants() {
    var random = SplitMix(2)
    for _ in 0..<2_000 {
      let left = Instant(
        microseconds: .random(in: -3_000_000_000_000_000...9_000_000_000_000_000, using: &random))
      let right = Instant(microseconds: left.microseconds + .random(in: -5...5, using: &random))
      #expect((left < right) == (left.description < right.description))
    }
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0),
    ("1970-01-01t00:00:00z", 0),
    ("1970-01-01 00:00:00Z", 0),
    ("1969-12-31T23:59:59.999999Z", -1),
    ("1970-01-01T00:00:00.5Z", 500_000),
    ("1970-01-01T00:00:00.123456789Z", 123_456),
    ("1970-01-01T08:00:00+08:00", 0),
    ("1969-12-31T18:30:00-05:30", 0),
    ("2000-02-29T12:00:00Z", 951_825_600_000_000),
    ("2026-11-23T09:30:00.000001Z", 1_795_426_200_000_001),
  ])
  func reads(_ text: String, _ microseconds: Int64) {
    #expect(Instant(text)?.microseconds == microseconds)
  }

  @Test(arguments: [
    "", "2026-11-23", "2026-11-23T09:30Z", "2026-11-23T09:30:00", "2026-11-23T09:30:00.Z",
    "2026-11-23T09:30:00.1234567890Z", "2026-11-23T24:00:00Z", "2026-11-23T23:60:00Z",
    "2026-11-23T23:59:60Z", "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
    "2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
    "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
    "2026-11-23T09:30:00+24:00", "2026-11-23T09:30:00+08:60", "2026-11-23T09:30:00+0800",
    "2026-11-23T09:30:00+8:00", "2026-11-23T09:30:00Z ", " 2026-11-23T09:30:00Z",
    "2026-11-23T09:30:00ZZ", "2026/11/23T09:30:00Z", "２026-11-23T09:30:00Z", "now",
    // Offsets that lead out of the years 0001 to 9999.
    "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
  ])
  func refuses(_ text: String) {
    #expect(Instant(text) == nil)
  }

  @Test func daysAndDatesAgreeInEveryYear() {
    var days = CivilDate.days(year: 1, month: 1, day: 1)
    for year in 1...9_999 {
      let isLeap = year.isMultiple(of: 4) && (!year.isMultiple(of: 100) || year.isMultiple(of: 400))
      #expect(CivilDate.days(year: year, month: 1, day: 1) == days)
      #expect(CivilDate.civil(days: days) == (year, 1, 1))
      #expect(CivilDate.civil(days: days + 59) == (isLeap ? (year, 2, 29) : (year, 3, 1)))
      #expect(CivilDate.isValid(year: year, month: 2, day: 29) == isLeap)
      days += isLeap ? 366 : 365
    }
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1969-12-31T23:59:59.999999Z", -1), ("1969-12-31T00:00:00Z", -1),
    ("1969-12-30T23:59:59Z", -2), ("1970-01-02T00:00:00Z", 1),
  ])
  func theDayIsCountedInUTC(_ text: String, _ day: Int32) throws {
    #expect(try #require(Instant(text)).day == day)
  }

  @Test func arithmetic() throws {
    let start = try #require(Instant("2026-11-23T00:00:00Z"))
    #expect(start.adding(days: 1.5).description == "2026-11-24T12:00:00.000000Z")
    #expect(start.adding(days: -1.5).days(since: start) == -1.5)
    #expect(start.adding(seconds: 0.000_001).microseconds == start.microseconds + 1)
    #expect(Instant(microseconds: -1).milliseconds == -1)
    #expect(Instant(milliseconds: -1).microseconds == -1_000)
  }

  @Test func standsInJSONAsText() throws {
    let instant = Instant(microseconds: 1)
    #expect(try json([instant]) == #"["1970-01-01T00:00:00.000001Z"]"#)
    #expect(try decode([Instant].self, #"["1970-01-01T00:00:00.000001Z"]"#) == [instant])
    #expect(
      refusal([Instant].self, #"["yesterday"]"#)
        == "/0: expected an RFC 3339 instant such as 2026-11-23T09:30:00Z")
    #expect(refusal([Instant].self, "[5]") == "/0 has the wrong type; expected a string")
  }
}
