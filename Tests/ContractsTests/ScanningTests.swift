import Testing

@testable import Contracts

/// The scanner beside the ordinary decoder, which is its oracle.
@Suite struct ScanningTests {
  private func ordinary(_ bytes: [UInt8]) -> StageEventData? {
    try? JSONCoding.decode(StageEventData.self, from: bytes)
  }

  /// Plain texts only, so that the scanner takes all of it.
  private func event(_ numbers: inout SplitMix) -> StageEventData {
    let texts = [
      "general", "li.lei", "华东团队", "", "é👩‍👩‍👧", "a/b", "proposal", "{\u{7f}}",
      String(repeating: "长", count: 70),
    ]
    func text() -> String { texts.randomElement(using: &numbers) ?? "" }
    func some<Value>(_ value: @autoclosure () -> Value) -> Value? {
      Bool.random(using: &numbers) ? value() : nil
    }
    func instant() -> Instant {
      Instant(
        microseconds: .random(
          in: -62_135_596_800_000_000...253_402_300_799_999_999, using: &numbers))
    }
    var data = StageEventData(
      opportunityId: .v7(at: instant(), entropy: (numbers.next(), numbers.next())),
      epoch: .random(in: 0...3, using: &numbers),
      sequence: .random(in: -5...999_999_999_999, using: &numbers), pipeline: text(),
      pipelineVersion: .random(in: 0...9, using: &numbers), actor: text(), occurredAt: instant(),
      recordedAt: instant())
    let categories: [StageCategory] = [.open, .won, .lost]
    data.from = some(text())
    data.to = some(text())
    data.fromCategory = some(categories.randomElement(using: &numbers)!)
    data.toCategory = some(categories.randomElement(using: &numbers)!)
    data.fromPosition = some(.random(in: 0...12, using: &numbers))
    data.toPosition = some(.random(in: 0...12, using: &numbers))
    data.owner = some(text())
    data.team = some(text())
    data.amount = some(
      Money(
        minor: .random(in: -1_000_000_000...1_000_000_000_000_000, using: &numbers), currency: "CNY"
      ))
    data.rule = some(text())
    data.reason = some(text())
    data.followUpDueAt = some(instant())
    data.benchmarkDays = some(
      Double(Int.random(in: -1_000_000...1_000_000, using: &numbers)) / [1, 2, 8, 10, 100, 1_000]
        .randomElement(using: &numbers)!)
    data.forecastCategory = some(ForecastCategory.allCases.randomElement(using: &numbers)!)
    data.handOff = some(
      HandOff(
        from: some(LocalizedText(zh: text(), en: text())),
        to: LocalizedText(zh: text(), en: text())))
    data.cause = some(text())
    data.entryUnknown = some(.random(using: &numbers))
    data.name = some(text())
    data.account = some(Account(name: text(), id: some(text()), externalId: some(text())))
    data.externalId = some(text())
    data.expectedClose = some("2027-01-31")
    data.changes = (0..<Int.random(in: 0...3, using: &numbers)).map { _ in
      FieldChange(
        field: text(), old: .null,
        new: [
          .string(text()), .integer(-7), .boolean(true), .array([1, .null, .array([])]),
          .object(["a": .object([:]), "b": .string(text())]),
        ].randomElement(using: &numbers)!)
    }
    return data
  }

  @Test func plainEventsAreReadAsTheOrdinaryDecoderReadsThem() throws {
    var numbers = SplitMix(1)
    for _ in 0..<2_000 {
      let data = event(&numbers)
      let bytes = try JSONCoding.encode(data)
      let read = StageEventData(scanning: bytes)
      // -0.0 is written as -0, which the scanner leaves to the other one.
      if data.benchmarkDays?.sign == .minus, data.benchmarkDays == 0 { continue }
      #expect(read == data, "\(String(decoding: bytes, as: UTF8.self))")
      #expect(read == ordinary(bytes))
    }
  }

  @Test func blanksAndAnotherOrderMakeNoDifference() throws {
    let text = """
       \t{ "sequence" : 2 ,\r\n"opportunityId":"01936F3E-7C00-7000-8000-000000000001","epoch":1,
      "pipeline":"general","pipelineVersion":3,"actor":"li.lei","changes":[ ],"violations": [] ,
      "occurredAt":"2026-11-23T09:30:00Z","recordedAt":"2026-11-23T17:30:00.5+08:00","owner":null,
      "benchmarkDays":7.25,"amount":{"minor":5,"currency":"CNY"}}\u{20}

      """
    let read = try #require(StageEventData(scanning: Array(text.utf8)))
    #expect(read == ordinary(Array(text.utf8)))
    #expect(read.benchmarkDays == 7.25 && read.owner == nil)
  }

  /// With these the ordinary decoder has the word.
  @Test(arguments: [
    #""reason":"a\nb""#, #""reason":"\u4f60""#, #""reason":7"#, #""unknown":1"#, #""epoch":1"#,
    #""to":["a"]"#, #""toPosition":1.0"#, #""toPosition":1e0"#, #""toPosition":01"#,
    #""toPosition":-0"#, #""benchmarkDays":1.23456789012345678"#, #""benchmarkDays":1e3"#,
    #""toCategory":"odd""#, #""amount":{"minor":1}"#, #""amount":{"minor":1,"currency":"yuan"}"#,
    #""followUpDueAt":"soon""#, #""entryUnknown":"yes""#, #""entryUnknown":tru"#,
    #""toPosition":99999999999999999999"#, #""violations":[{"code":"x"}]"#, #""changes":null"#,
    #""changes":[{"field":"a","old":1.5,"new":1}]"#, #""changes":[{"field":"a","old":null}]"#,
    #""changes":[{"field":"a","old":{"x":1,"x":2},"new":1}]"#, #""activity":{}"#,
    #""account":{"id":"a"}"#, #""forecastCategory":"odd""#, #""override":{"reason":"r"}"#,
    #""handOff":{"from":null}"#, #""handOff":{"to":{"zh":"a"}}"#, #""reason":"open"#, #""reason":"#,
    #""to":"a"}{"#, #""to":"a",}"#,
  ])
  func atAnythingElseItGivesUp(_ member: String) {
    let base = """
      {"actor":"a","epoch":1,"occurredAt":"2026-11-23T09:30:00Z","opportunityId":\
      "01936f3e-7c00-7000-8000-000000000001","pipeline":"p","pipelineVersion":1,"recordedAt":\
      "2026-11-23T09:30:00Z","sequence":2
      """
    #expect(StageEventData(scanning: Array("\(base)}".utf8)) != nil)
    #expect(StageEventData(scanning: Array("\(base),\(member)}".utf8)) == nil)
    #expect(StageEventData(scanning: Array("\(base)}\(member)".utf8)) == nil)
  }

  @Test func nothingMayBeMissing() throws {
    let bytes = try JSONCoding.encode(
      StageEventData(
        opportunityId: Sample.opportunity, epoch: 1, sequence: 1, pipeline: "p", pipelineVersion: 1,
        actor: "a", occurredAt: Sample.time, recordedAt: Sample.time))
    let members = try JSONCoding.decode(JSONValue.self, from: bytes)
    guard case .object(let object) = members else { return }
    for name in object.keys where name != "changes" && name != "violations" {
      let without = try JSONCoding.encode(members.removing([name][...]))
      #expect(StageEventData(scanning: without) == nil, "\(name)")
    }
    #expect(StageEventData(scanning: []) == nil)
    #expect(StageEventData(scanning: Array("[]".utf8)) == nil)
  }

  /// Whatever the scanner takes, the other one takes, and as the same.
  @Test func itNeverReadsAnythingDifferently() throws {
    var numbers = SplitMix(2)
    let pieces = [
      #"""#, ",", ":", "{", "}", "[", "]", "0", "1", "-", ".", "e", "null", "\\", " ", "\u{0}",
    ]
    .map { Array($0.utf8) }
    var taken = 0
    for round in 0..<30_000 {
      var bytes = try JSONCoding.encode(event(&numbers))
      for _ in 0...(round % 3) {
        let index = Int.random(in: 0..<bytes.count, using: &numbers)
        switch numbers.next() % 5 {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: numbers.next())
        case 1: bytes.remove(at: index)
        case 2: bytes.insert(contentsOf: pieces.randomElement(using: &numbers)!, at: index)
        case 3:
          let end = min(bytes.count, index + Int.random(in: 1...30, using: &numbers))
          bytes.insert(contentsOf: bytes[index..<end], at: index)
        default: bytes.swapAt(index, Int.random(in: 0..<bytes.count, using: &numbers))
        }
      }
      guard let read = StageEventData(scanning: bytes) else { continue }
      taken += 1
      #expect(read == ordinary(bytes), "\(String(decoding: bytes, as: UTF8.self))")
    }
    #expect(taken > 1_000, "the fuzz must reach what the scanner takes")
  }
}
