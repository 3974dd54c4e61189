import Contracts
import Foundation
import Testing

@testable import Sluice

@Suite struct ImportTestsDates {
  private func instant(_ text: String, _ pattern: String, _ zone: String = "UTC") throws -> String?
  {
    let zone = try #require(TimeZone(identifier: zone))
    return try DatePattern(pattern).parse(text)?.instant(in: zone).description
  }

  @Test func patterns() throws {
    #expect(try instant("06/04/2022", "dd/MM/yyyy") == "2022-04-06T00:00:00.000000Z")
    #expect(
      try instant("2022-04-06T23:59:07", "yyyy-MM-ddTHH:mm:ss") == "2022-04-06T23:59:07.000000Z")
    #expect(try instant("2022年04月06日", "yyyy年MM月dd日") == "2022-04-06T00:00:00.000000Z")
    #expect(try instant("20220406 0805", "yyyyMMdd HHmm") == "2022-04-06T08:05:00.000000Z")
  }

  @Test(arguments: [
    "31/02/2022", "6/4/2022", "2022-04-06", "06/04/2022 ", "06/04/22", "00/01/2022", "",
    "aa/bb/cccc",
    "06/13/2022", "06/04/0000",
  ])
  func strict(text: String) throws {
    #expect(try instant(text, "dd/MM/yyyy") == nil)
  }

  @Test(arguments: ["24:00", "12:60"]) func times(text: String) throws {
    #expect(try instant("2022-01-01 \(text)", "yyyy-MM-dd HH:mm") == nil)
  }

  @Test func zones() throws {
    let pattern = "yyyy-MM-dd HH:mm"
    #expect(
      try instant("2022-04-06 08:00", pattern, "Asia/Shanghai") == "2022-04-06T00:00:00.000000Z")
    // Skipped by the clock of Berlin, and shown twice.
    #expect(
      try instant("2022-03-27 02:30", pattern, "Europe/Berlin") == "2022-03-27T01:30:00.000000Z")
    #expect(
      try instant("2022-10-30 02:30", pattern, "Europe/Berlin") == "2022-10-30T00:30:00.000000Z")
    #expect(
      try instant("2022-03-27 04:00", pattern, "Europe/Berlin") == "2022-03-27T02:00:00.000000Z")
  }

  @Test(arguments: ["d/M/yyyy", "yyyy-MM", "yyyy-MM-dd yyyy", "hh:mm", ""])
  func malformedPatterns(pattern: String) {
    #expect(throws: DatePattern.Malformed.self) { try DatePattern(pattern) }
  }

  @Test func dateText() throws {
    #expect(try DatePattern("dd.MM.yyyy").parse("09.03.0987")?.dateText == "0987-03-09")
  }
}

@Suite struct ImportTestsAmounts {
  @Test(
    arguments: [
      ("454160", "USD", 45_416_000), ("0.1", "USD", 10), ("12.30", "CNY", 1_230),
      ("-5.05", "USD", -505), ("100", "JPY", 100), ("100.00", "JPY", 100), ("1.234", "KWD", 1_234),
      ("0", "EUR", 0), ("92233720368547758.07", "USD", Int64.max), ("7.500000", "USD", 750),
    ] as [(String, String, Int64)])
  func exact(text: String, currency: String, minor: Int64) throws {
    #expect(
      try AmountText.parse(text, currency: currency, unit: .major)
        == Money(minor: minor, currency: currency))
  }

  @Test func minorUnits() throws {
    #expect(try AmountText.parse("1234", currency: "USD", unit: .minor).minor == 1_234)
    #expect(throws: AmountText.Malformed.self) {
      try AmountText.parse("12.5", currency: "USD", unit: .minor)
    }
  }

  @Test(arguments: [
    ("1,234.50", "separators"), ("1 234", "separators"), ("1'234", "separators"),
    ("$5", "not a number"), ("1e5", "not a number"), ("", "not a number"), (".5", "not a number"),
    ("5.", "not a number"), ("1.2.3", "not a number"), ("--1", "not a number"),
    ("１２", "not a number"),
    ("1.005", "more decimals"), ("92233720368547758.08", "too large"),
  ])
  func refused(text: String, reason: String) {
    let error = #expect(throws: AmountText.Malformed.self) {
      try AmountText.parse(text, currency: "USD", unit: .major)
    }
    #expect(error?.message.contains(reason) == true)
  }

  @Test func decimalsOfTheCurrency() {
    #expect(throws: AmountText.Malformed.self) {
      try AmountText.parse("1.5", currency: "JPY", unit: .major)
    }
  }
}
