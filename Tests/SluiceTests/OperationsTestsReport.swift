import Contracts
import Testing

@testable import Sluice

@Suite struct OperationsReportTests {
  @Test(
    "amounts",
    arguments: [
      (123_450, "CNY", "CNY 1,234.50"), (5, "USD", "USD 0.05"),
      (-100_000_000, "EUR", "EUR -1,000,000.00"),
      (1_234, "JPY", "JPY 1,234"), (0, "CNY", "CNY 0.00"),
    ]) func amounts(_ minor: Int64, _ currency: String, _ text: String)
  {
    #expect(AmountFormat.text(minor: minor, currency: currency) == text)
  }

  @Test(
    "business times",
    arguments: [
      ("2026-06-30", "2026-06-30T23:59:59.999999Z"),
      ("2026-06-30T12:00:00+08:00", "2026-06-30T04:00:00.000000Z"), ("yesterday", nil),
      ("2026-02-30", nil),
    ]) func businessTimes(_ text: String, _ instant: String?)
  {
    #expect(ReportCommand.Funnel.instant(text)?.description == instant)
  }

  @Test func theFunnelIsAlignedWithWideCharacters() throws {
    let json = """
      {"pipeline":"general","asOf":"2026-06-30T00:00:00Z","knownAt":"2026-06-30T00:00:00Z",
       "freshness":{"lagSeconds":2.5,"behind":3},"stages":[
        {"stage":"lead","name":{"zh":"初步接触","en":"First contact"},"category":"open","count":12,
         "amounts":[{"currency":"CNY","minor":123450}],"unpriced":1,"entered":20,"advanced":5,
         "back":1,"conversion":0.25,"meanDwellDays":3.14,"oldestDays":20},
        {"stage":"won","name":{"zh":"赢单","en":"Won"},"category":"won","count":0,"amounts":[],
         "unpriced":0,"entered":0,"advanced":0,"back":0,"conversion":null,"meanDwellDays":null,
         "oldestDays":null}]}
      """
    let answer = try JSONCoding.decode(FunnelAnswer.self, from: Array(json.utf8))
    let lines = FunnelTable.text(answer).split(separator: "\n").map(String.init)
    #expect(lines[0] == "pipeline general as of 2026-06-30T00:00:00.000000Z: 12 deals")
    let lead = try #require(lines.first { $0.contains("初步接触") })
    let won = try #require(lines.first { $0.contains("赢单") })
    for text in ["CNY 1,234.50", "25 %", "3.1 d", "20.0 d"] { #expect(lead.contains(text)) }
    #expect(lead.hasPrefix("初步接触  First contact  open"))
    #expect(won.hasPrefix("赢单      Won            won"))
    #expect(lines.last == "note: 3 events are not counted yet, oldest 2.5 s")
  }
}
