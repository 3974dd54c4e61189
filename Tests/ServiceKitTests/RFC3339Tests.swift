import Foundation
import ServiceKit
import Testing

@Suite struct RFC3339Tests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000Z"), (-1, "1969-12-31T23:59:59.999999Z"),
    (1_709_164_800_000_001, "2024-02-29T00:00:00.000001Z"),
    (4_102_444_799_999_999, "2099-12-31T23:59:59.999999Z"),
    (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
  ])
  func roundTrip(_ microseconds: Int64, _ text: String) {
    #expect(RFC3339.string(microseconds: microseconds) == text)
    #expect(RFC3339.microseconds(text) == microseconds)
  }

  @Test func everyDayOfFourCenturiesAgreesWithFoundation() throws {
    for day in stride(from: -100_000, through: 100_000, by: 13) {
      let date = Date(timeIntervalSince1970: Double(day) * 86_400)
      let expected = date.formatted(Date.ISO8601FormatStyle().year().month().day())
      #expect(RFC3339.string(microseconds: Int64(day) * 86_400_000_000).prefix(10) == expected)
      #expect(RFC3339.microseconds("\(expected)T00:00:00Z") == Int64(day) * 86_400_000_000)
    }
  }

  @Test(arguments: [
    ("2026-03-01T09:30:00+08:00", "2026-03-01T01:30:00.000000Z"),
    ("2026-03-01t09:30:00.5z", "2026-03-01T09:30:00.500000Z"),
    ("2026-03-01T00:30:00.1234567-01:30", "2026-03-01T02:00:00.123456Z"),
  ])
  func otherSpellings(_ text: String, _ normal: String) throws {
    #expect(RFC3339.string(microseconds: try #require(RFC3339.microseconds(text))) == normal)
  }

  @Test(arguments: [
    "", "2026-03-01", "2026-03-01T09:30:00", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Z ", "2026-01-01 00:00:00Z",
    "2026-01-01T00:00:00+25:00", "2026-01-01T00:00:00+0800", "+026-01-01T00:00:00Z",
  ])
  func refused(_ text: String) { #expect(RFC3339.microseconds(text) == nil) }
}
