import Contracts
import Foundation
import Kafka
import Testing

@testable import Sluice

/// What is pure about dead letters.
@Suite struct OperationsDeadLetterTests {
  static let topic = "sluice.dead-letters.v1"

  /// A dead letter as the services write it.
  static func letter(
    _ partition: Int32 = 0, _ offset: Int64, id: String? = nil,
    group: String = "sluice-forecasting",
    origin: String? = "sluice.stage-changes.v1", reason: String = "invalid-data",
    buried: String = "2026-11-23T09:00:00Z", value: [UInt8]? = Array(#"{"a":1}"#.utf8),
    more: [KafkaHeader] = []
  ) -> KafkaMessage {
    var headers: [(String, String)] = [
      ("ce_specversion", "1.0"), ("ce_id", id ?? "\(group):\(origin ?? ""):0:\(offset)"),
      ("ce_source", group), ("ce_type", "sluice.message-dead-lettered.v1"), ("ce_time", buried),
      ("sluice_reason_code", reason), ("sluice_reason", "/amount is missing"),
      ("sluice_group", group), ("sluice_origin_partition", "0"),
      ("sluice_origin_offset", "\(offset)"),
      ("sluice_origin_timestamp", "2026-11-23T08:59:58Z"), ("original_ce_specversion", "1.0"),
      ("original_ce_id", "event-\(offset)"), ("original_ce_type", "sluice.stage-moved.v1"),
      ("original_content-type", "application/json"), ("original_original_x", "kept"),
    ]
    if let origin { headers.append(("sluice_origin_topic", origin)) }
    return KafkaMessage(
      source: TopicPartition(topic: topic, partition: partition), offset: offset,
      timestampMilliseconds: 1_700_000_000_000, key: Array("deal-\(offset)".utf8), value: value,
      headers: headers.map { KafkaHeader(name: $0.0, value: Array($0.1.utf8)) } + more)
  }

  static func note(_ letter: KafkaMessage, at offset: Int64) throws -> KafkaMessage {
    let buried = try #require(BuriedLetter(letter))
    let record = try RedriveNote(
      buried, to: "sluice.stage-changes.v1", mended: false,
      at: Instant("2026-11-23T10:00:00Z")!
    ).record(on: topic, key: letter.key)
    #expect(record.partition == letter.source.partition && record.key == letter.key)
    return KafkaMessage(
      source: letter.source, offset: offset, key: record.key, value: record.value,
      headers: record.headers)
  }

  static func box(_ messages: [KafkaMessage]) -> DeadLetterBox {
    var box = DeadLetterBox()
    for message in messages { box.add(message) }
    box.ranges = [0: Watermarks(low: 3, high: 20), 1: Watermarks(low: 0, high: 0)]
    return box
  }

  @Test func aLetterIsRead() throws {
    let letter = try #require(BuriedLetter(Self.letter(2, 7)))
    #expect(letter.position.description == "2:7")
    #expect(letter.origin.text == "sluice.stage-changes.v1:0:7")
    #expect(letter.reasonCode == "invalid-data" && letter.key == "deal-7")
    #expect(letter.eventId == "event-7" && letter.eventType == "sluice.stage-moved.v1")
    #expect(letter.redriveCount == 0 && !letter.isRedriven)
  }

  @Test func whatIsNoLetterIsCounted() throws {
    var stranger = Self.letter(0, 4)
    stranger.headers = []
    var broken = try Self.note(Self.letter(0, 3), at: 5)
    broken.value = Array("{".utf8)
    let box = Self.box([stranger, broken])
    #expect(box.letters.isEmpty && box.strangers == 2)
  }

  @Test func aCopyIsOneLetter() {
    let box = Self.box([Self.letter(0, 4, id: "x"), Self.letter(0, 5, id: "x")])
    #expect(box.letters.count == 1)
    #expect(box.letters[0].copies == [LetterPosition(partition: 0, offset: 5)])
    #expect(throws: Never.self) { try box.letter(at: LetterPosition(partition: 0, offset: 5)) }
  }

  /// Offsets come again after a topic was made anew.
  @Test func anotherLetterOfTheSameIdIsItsOwn() {
    var later = Self.letter(0, 5, id: "x")
    later.headers.append(
      KafkaHeader(name: "sluice_origin_timestamp", value: Array("2026-11-24T00:00:00Z".utf8)))
    #expect(Self.box([Self.letter(0, 4, id: "x"), later]).letters.count == 2)
  }

  @Test func aNoteMarksItsLetterAndNoOther() throws {
    let letters = [Self.letter(0, 4), Self.letter(0, 5)]
    let lost = try Self.note(Self.letter(0, 1), at: 6)
    let box = Self.box(letters + [try Self.note(letters[0], at: 7), lost])
    #expect(box.letters.map(\.isRedriven) == [true, false])
    #expect(box.letters[0].redriveCount == 1)
    #expect(box.letters[0].redrives[0].topic == "sluice.stage-changes.v1")
    #expect(box.strangers == 0)
  }

  @Test(arguments: [
    ("7:0", "has the partitions 0, 1"), ("1:0", "partition 1 is empty"),
    ("0:2", "begins at 3"), ("0:20", "holds 3 to 19"), ("0:9", "the note of a re-drive"),
    ("0:8", "is no dead letter"),
  ]) func aPositionWithoutALetterIsExplained(_ text: String, _ words: String) throws {
    let letter = Self.letter(0, 4)
    var stranger = Self.letter(0, 8)
    stranger.headers = []
    let box = Self.box([letter, stranger, try Self.note(letter, at: 9)])
    let position = try #require(LetterPosition(argument: text))
    let failure = #expect(throws: OperatorFailure.self) { try box.letter(at: position) }
    #expect(failure?.status == .usage)
    #expect(failure?.message.contains(words) == true, "\(failure?.message ?? "")")
  }

  @Test(arguments: ["", "3", "3:", ":3", "a:1", "1:b", "-1:2", "1:-2", "1:2:3", "1.5:2"])
  func aPositionIsTwoNumbers(_ text: String) {
    #expect(LetterPosition(argument: text) == nil)
  }

  @Test func filters() {
    let box = Self.box([
      Self.letter(0, 3, group: "sluice-stage-service", origin: "sluice.stage-commands.v1"),
      Self.letter(0, 4, reason: "unprocessable", buried: "2026-11-22T09:00:00Z"),
      Self.letter(0, 5),
    ])
    func offsets(_ criteria: DeadLetterFilter.Criteria) -> [Int64] {
      box.letters(criteria).map(\.position.offset)
    }
    #expect(offsets(.init()) == [4, 3, 5])
    #expect(offsets(.init(group: "forecasting")) == [4, 5])
    #expect(offsets(.init(group: "sluice-stage-service")) == [3])
    #expect(offsets(.init(topic: "stage-commands.v1", topicPrefix: "sluice.")) == [3])
    #expect(offsets(.init(topic: "sluice.stage-changes.v1")) == [4, 5])
    #expect(offsets(.init(reason: "unprocessable")) == [4])
    #expect(offsets(.init(reason: "AMOUNT")) == [4, 3, 5])
    #expect(offsets(.init(since: Instant("2026-11-23T00:00:00Z"))) == [3, 5])
    #expect(offsets(.init(group: "forecasting", reason: "nothing")) == [])
  }

  @Test func ages() {
    let now = Instant("2026-11-23T12:00:00Z")!
    func since(_ text: String) -> String? {
      DeadLetterFilter.instant(text, now: now)?.description
    }
    #expect(since("90m") == "2026-11-23T10:30:00.000000Z")
    #expect(since("7d") == "2026-11-16T12:00:00.000000Z")
    #expect(since("2026-11-20") == "2026-11-20T00:00:00.000000Z")
    #expect(since("2026-11-20T08:00:00+08:00") == "2026-11-20T00:00:00.000000Z")
    for wrong in ["", "m", "-1h", "1y", "yesterday", "2026-13-01"] { #expect(since(wrong) == nil) }
  }

  @Test func theListSaysHowManyWait() throws {
    let letters = (3..<8).map { Self.letter(0, $0) }
    let box = Self.box(letters + [try Self.note(letters[0], at: 9)])
    let list = DeadLetterList(box, .init(), onlyWaiting: false, limit: 2)
    #expect((list.total, list.waiting, list.items.count) == (5, 4, 2))
    #expect(list.text().contains("the newest 2 of 5 dead letters, 4 wait to be re-driven"))
    let all = DeadLetterList(box, .init(), onlyWaiting: false, limit: 50).text()
    #expect(all.contains("1× 2026-11-23 10:00:00Z"))
    #expect(DeadLetterList(box, .init(), onlyWaiting: true, limit: 50).total == 4)
    #expect(
      DeadLetterList(Self.box([]), .init(), onlyWaiting: false, limit: 1).text()
        == "no dead letters")
    let json = try OutputFormat.json(list)
    #expect(json.contains(#""position" : "0:7""#))
  }

  @Test func aLetterIsShownWhole() throws {
    let message = Self.letter(
      0, 4, value: [0xFF, 0x00, 0x41],
      more: [
        KafkaHeader(name: "original_odd", value: nil),
        KafkaHeader(name: "original_esc", value: Array("\u{1B}[31m".utf8)),
      ])
    let whole = WholeLetter(try #require(BuriedLetter(message)), message)
    let text = whole.text()
    #expect(text.contains("reason     invalid-data: /amount is missing"))
    #expect(text.contains("  ce_id: event-4"))
    #expect(text.contains("  original_x: kept"))
    #expect(text.contains("  odd: (null)"))
    #expect(text.contains("000000  ff 00 41"))
    #expect(!text.contains("\u{1B}"))
    let json = try OutputFormat.json(whole)
    #expect(json.contains(#""hex" : "ff0041""#) && json.contains(#""text" : "deal-4""#))
    var tombstone = message
    tombstone.value = nil
    #expect(WholeLetter(whole.letter, tombstone).text().hasSuffix("(null: a tombstone)"))
  }

  @Test func bytesForATerminal() {
    #expect(PlainText.line(Array("商机".utf8)) == "商机")
    #expect(PlainText.line([0xC3]) == "0xc3")
    #expect(PlainText.line(Array("a\nb".utf8)) == "0x610a62")
    #expect(PlainText.block(Array("a\nb".utf8)) == "a\nb")
    #expect(PlainText.block(Array("\u{202E}x".utf8)).hasPrefix("000000  e2 80 ae 78"))
    #expect(PlainText.block([UInt8](repeating: 0, count: 17)).contains("\n000010  00"))
  }

  private func record(
    _ message: KafkaMessage, value: [UInt8]? = nil, headers: [(name: String, value: String)] = []
  ) throws -> KafkaRecord {
    try Redrive.record(
      try #require(BuriedLetter(message)), message, to: "t", from: Self.topic, value: value,
      headers: headers)
  }

  @Test func aMessageGoesOutAsItCame() throws {
    let message = Self.letter(2, 4, more: [KafkaHeader(name: "original_odd", value: nil)])
    let record = try record(message)
    #expect(record.topic == "t" && record.key == message.key && record.value == message.value)
    #expect(record.partition == nil)
    #expect(
      record.headers.map(\.name) == [
        "ce_specversion", "ce_id", "ce_type", "content-type", "original_x", "odd",
        "sluice_redriven_from", "sluice_redrive_count",
      ])
    #expect(record.headers[5].value == nil)
    #expect(record.headers[6].value == Array("sluice.dead-letters.v1:2:4".utf8))
    #expect(record.headers[7].value == Array("1".utf8))
  }

  @Test func theCountGoesOnWhenItFailsAgain() throws {
    let again = Self.letter(
      0, 4,
      more: [
        KafkaHeader(name: "original_sluice_redrive_count", value: Array("2".utf8)),
        KafkaHeader(name: "original_sluice_redriven_from", value: Array("x:1:1".utf8)),
      ])
    #expect(BuriedLetter(again)?.redriveCount == 2)
    let headers = try record(again).headers
    #expect(headers.filter { $0.name == "sluice_redrive_count" }.map(\.value) == [Array("3".utf8)])
    #expect(headers.count { $0.name == "sluice_redriven_from" } == 1)
  }

  @Test func aMessageCanBeMended() throws {
    let message = Self.letter(0, 4)
    let mended = try record(
      message, value: Array("[2]".utf8), headers: [("CE_Type", "sluice.other.v1"), ("new", "1")])
    #expect(mended.value == Array("[2]".utf8))
    #expect(
      mended.headers.map(\.name) == [
        "ce_specversion", "ce_id", "content-type", "original_x", "CE_Type", "new",
        "sluice_redriven_from", "sluice_redrive_count",
      ])
    let failure = #expect(throws: OperatorFailure.self) {
      try record(message, value: Array("{oops".utf8))
    }
    #expect(failure?.status == .usage)
    #expect(failure?.message.contains("application/json") == true)
    // What says that it is something else may be anything.
    #expect(throws: Never.self) {
      try record(
        message, value: Array("{oops".utf8), headers: [("content-type", "text/plain")])
    }
  }

  @Test(arguments: [
    ["redrive"], ["redrive", "0:1", "--all"], ["redrive", "0:1", "--group", "x"],
    ["redrive", "--all", "--since", "soon"], ["redrive", "--all", "--value-file", "f"],
    ["redrive", "0:1", "0:2", "--header", "a=b"], ["redrive", "0:1", "--header", "ab"],
    ["redrive", "nonsense"], ["show"], ["show", "1"], ["list", "--limit", "0"],
    ["list", "--since", "x"], ["list", "--format", "xml"],
  ]) func wrongUsage(_ arguments: [String]) async {
    #expect(await SluiceCommand.run(["dead-letters"] + arguments) == .usage)
  }
}
