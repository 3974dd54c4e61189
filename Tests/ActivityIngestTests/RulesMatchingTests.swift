import Contracts
import Testing

@testable import ActivityIngest

/// What the engine makes of whole activities.
@Suite struct RulesMatchingTests {
  private static let readyMade = RuleEngine(rules: Rule.readyMade)

  private static func rule(
    _ key: String, _ keywords: [String], intent: String? = nil, mode: Rule.Mode = .auto,
    confidence: Double = 0.9
  ) -> Rule {
    Rule(
      key: key, name: LocalizedText(zh: key, en: key), intent: intent ?? key, keywords: keywords,
      mode: mode, confidence: confidence)
  }

  private func find(
    _ text: String?, subject: String? = nil, kind: String? = "email",
    direction: ActivityDirection? = .inbound, in engine: RuleEngine = readyMade
  ) -> [RuleMatch] {
    engine.matches(text: text, subject: subject, kind: kind, direction: direction)
  }

  // MARK: Where

  @Test func offsetsCountCodePointsOfTheOriginal() throws {
    let text = "👍🏽e\u{301} 【报\u{200b}价】　已 确认了！"
    let match = try #require(find(text).first)
    #expect(match.words == "报\u{200b}价】　已 确认了")
    #expect((match.start, match.end) == (6, 16))
  }

  @Test func onlyTheBeginningOfAVeryLongTextIsSearched() {
    let words = "报价确认了"
    func text(after count: Int) -> String { String(repeating: "好", count: count - 1) + "。" + words }
    let last = RuleEngine.searchLimit - words.count
    #expect(find(text(after: last)).first?.start == last)
    #expect(find(text(after: last + 3)).isEmpty)
    // Nor does what lies behind make a difference.
    #expect(
      find(words + "。" + String(repeating: "好", count: 2 * RuleEngine.searchLimit)).count == 1)
  }

  @Test func theSubjectIsSearchedToo() throws {
    let match = try #require(find("详见附件", subject: "报价确认").first)
    #expect(match.part == .subject)
    #expect((match.start, match.end) == (0, 4))
    #expect(match.mode == .auto)
    #expect(find("报价确认了", subject: "报价确认").first?.part == .text)
    #expect(find(nil, subject: nil).isEmpty)
    #expect(find("", subject: "").isEmpty)
  }

  @Test(arguments: ["Re: 报价确认", "回复：报价确认", "FW: quote confirmed", "转发: 报价确认"])
  func theTitleOfAnotherMessageIsWorthLess(_ subject: String) throws {
    let match = try #require(find("您好", subject: subject).first)
    #expect(match.confidence < Rule.autoThreshold)
    #expect(match.mode == .review)
  }

  @Test(arguments: [
    "收到，谢谢\n\n> 报价我们确认了\n>> 报价确认",
    "谢谢\n\nOn Mon, Nov 23, 2026 at 9:00 AM Li Lei <li@example.com> wrote:\n报价确认了",
    "Thanks\nOn 23 Nov 2026, Li Lei <a.very.long.address@example.com>\nwrote:\n\nquote confirmed",
    "好的\n\n-----Original Message-----\nFrom: a\nSent: b\n\nthe quote is approved",
    "好的\r\n\r\n------------------ 原始邮件 ------------------\r\n发件人: a\r\n报价确认",
    "好的\n\n发件人：张三 <z@example.com>\n发送时间：2026年11月23日\n主题：报价\n\n报价我们确认了",
    "收到\n\n在 2026年11月23日，王伟 写道：\n报价确认",
    "Ok\nFrom: Li Lei\nTo: Anna\nSubject: x\n\nwe confirm the quote",
    "＞ 报价确认",
  ])
  func whatIsQuotedIsNotSearched(_ text: String) {
    #expect(find(text).isEmpty)
  }

  @Test(arguments: [
    "报价我们确认了\n\n> 请确认报价\n",
    "From: anna@example.com\nTo: li@example.com\nSubject: x\n\nWe confirm the quote.",
    "> 请确认报价\n报价确认",
    "On Friday we will meet.\nThe quote is approved.",
    "Dear all, after going through everything with the team we are glad to confirm\nthe quote of last week.",
    "第一行\r报价确认\r第三行",
  ])
  func whatStandsBesidesIs(_ text: String) {
    #expect(find(text).map(\.rule) == ["quote-confirmed"], "\(find(text))")
  }

  // MARK: Which

  @Test func directionsAndKinds() {
    let text = "报价确认了"
    #expect(find(text, direction: .outbound).isEmpty)
    #expect(find(text, direction: nil).count == 1)
    // Who called says nothing about who speaks.
    #expect(find(text, kind: "call", direction: .outbound).count == 1)
    #expect(find(text, kind: "meeting", direction: .outbound).count == 1)
    var rule = Self.rule("r", ["报价确认"])
    rule.kinds = ["chat"]
    let engine = RuleEngine(rules: [rule])
    #expect(find(text, kind: "email", in: engine).isEmpty)
    #expect(find(text, kind: "chat", in: engine).count == 1)
    #expect(find(text, kind: nil, in: engine).count == 1)
  }

  @Test func aDisabledRuleIsKnownAndFindsNothing() {
    var rule = Self.rule("r", ["成交"])
    rule.enabled = false
    let engine = RuleEngine(rules: [rule])
    #expect(engine.rule("r") == rule)
    #expect(engine.rule("s") == nil)
    #expect(find("成交", in: engine).isEmpty)
  }

  @Test func ofEachIntentTheBestMatchIsGiven() {
    let engine = RuleEngine(rules: [
      Self.rule("a", ["成交"], intent: "deal", confidence: 0.7),
      Self.rule("b", ["正式成交了"], intent: "deal", confidence: 0.8),
      Self.rule("c", ["成交"], intent: "other", mode: .hint, confidence: 0.9),
    ])
    let matches = find("今天正式成交了", in: engine)
    #expect(matches.map(\.rule) == ["c", "b"])
    #expect(matches.map(\.mode) == [.hint, .auto])
  }

  @Test func theLongestOfEquallyConfidentMatchesWins() {
    let engine = RuleEngine(rules: [Self.rule("r", ["预算", "预算批复", "批复"])])
    #expect(find("批复，预算批复，预算", in: engine).map(\.words) == ["预算批复"])
  }

  @Test func whatSaysBothIsLookedAt() throws {
    let match = try #require(find("报价确认了。哦不对，报价还没有确认。").first)
    #expect(match.confidence < Rule.autoThreshold)
    #expect(match.mode == .review)
    #expect(find("报价确认了吗？报价确认了。").first?.mode == .auto)
  }

  @Test func aRuleBelowTheThresholdNeverActsByItself() {
    let engine = RuleEngine(rules: [
      Self.rule("low", ["成交"], confidence: 0.79), Self.rule("hint", ["握手"], mode: .hint),
      Self.rule("high", ["签单"], confidence: Rule.autoThreshold),
    ])
    #expect(find("成交", in: engine).map(\.mode) == [.review])
    #expect(find("握手", in: engine).map(\.mode) == [.hint])
    #expect(find("签单", in: engine).map(\.mode) == [.auto])
    #expect(find("如果握手", in: engine).map(\.mode) == [.hint])
  }
}
