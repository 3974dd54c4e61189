import ArgumentParser
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

  @Test func peopleAreShownWithWhatChanceLeavesOpen() throws {
    let json = """
      {"pipeline":"general","asOf":"2026-06-30T00:00:00Z","knownAt":"2026-06-30T00:00:00Z",
       "from":null,"to":null,"period":{"from":"2026-04-01T00:00:00Z","to":"2026-06-30T00:00:00Z"},
       "freshness":{"lagSeconds":0,"behind":0},"about":{"zh":"每个人的数字","en":"Each person"},
       "order":"name","teams":[],"reason":null,"people":[
        {"owner":"ann","team":"north","openDeals":12,"won":8,"lost":12,
         "conversion":{"count":8,"total":20,"rate":0.4,"low":0.219,"high":0.613,"reason":null},
         "shrunk":{"rate":0.45,"low":0.3,"high":0.6,"teamRate":0.5,"verdict":"cannot-tell",
          "reason":null},
         "advanced":31,"back":2,"dwell":{"endedVisits":33,"meanEndedDays":4.26,"reason":null},
         "followUps":{"count":9,"total":10,"rate":0.9,"low":0.6,"high":0.98,"reason":null},
         "forgotten":{"count":3,"total":12,"rate":0.25,"low":0.1,"high":0.5,"reason":null},
         "activities":57},
        {"owner":null,"team":null,"openDeals":1,"won":0,"lost":0,
         "conversion":{"count":0,"total":0,"rate":null,"low":null,"high":null,"reason":null},
         "shrunk":{"rate":null,"low":null,"high":null,"teamRate":null,"verdict":null,"reason":null},
         "advanced":0,"back":0,"dwell":{"endedVisits":0,"meanEndedDays":null,"reason":null},
         "followUps":{"count":0,"total":0,"rate":null,"low":null,"high":null,"reason":null},
         "forgotten":{"count":0,"total":1,"rate":0,"low":0,"high":0.8,"reason":null},
         "activities":0}]}
      """
    let answer = try JSONCoding.decode(PersonFigureAnswer.self, from: Array(json.utf8))
    let lines = PersonFigureTable.text(answer).split(separator: "\n").map(String.init)
    #expect(
      lines[0]
        == "pipeline general, 2026-04-01T00:00:00.000000Z to 2026-06-30T00:00:00.000000Z")
    #expect(lines[1] == "Each person" && lines[2] == "每个人的数字")
    let ann = try #require(lines.first { $0.hasPrefix("ann") })
    for text in [
      "40 %", "22 to 61 %", "45 %", "can't tell", "4.3 d", "90 % of 10", "25 % of 12", "57",
    ] { #expect(ann.contains(text), "\(text)") }
    let nobody = try #require(lines.last)
    #expect(nobody.hasPrefix("-") && nobody.contains("0 % of 1"))
    #expect(throws: (any Error).self) { try ReportCommand.People.parse(["--from", "yesterday"]) }
    #expect(throws: (any Error).self) { try ReportCommand.People.parse(["--order", "rate"]) }
    let asked = try ReportCommand.People.parse(["--from", "2026-04-01", "--order", "deals"])
    #expect(asked.order == .deals)
    #expect(ReportCommand.People.beginning("2026-04-01") == Instant("2026-04-01T00:00:00Z"))
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
