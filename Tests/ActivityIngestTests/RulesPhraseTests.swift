import Contracts
import Testing

@testable import ActivityIngest

/// The language of keywords.
@Suite struct RulesPhraseTests {
  private func found(_ keyword: String, in text: String) -> String? {
    let rule = Rule(
      key: "r", name: LocalizedText(zh: "r", en: "r"), intent: "r", keywords: [keyword])
    return RuleEngine(rules: [rule])
      .matches(text: text, subject: nil, kind: nil, direction: nil).first?.words
  }

  @Test(arguments: [
    // Case, width, blanks, fillers, traditional characters.
    ("po issued", "The PO has been issued.", "PO has been issued"),
    ("ＰＯ Issued", "po issued", "po issued"),
    ("订单下了", "订单我们已经下了", "订单我们已经下了"),
    ("订单已下", "訂 單 下了", "訂 單 下了"),
    ("to-do done", "to do: done", "to do: done"),
    ("don't wait", "we don’t wait", "don’t wait"),
    // Whole words where there are words.
    ("order", "reorder orders ordered", nil), ("order", "An order.", "order"),
    ("order", "下order了", "order了"), ("单", "订单", "单"),
    // Gaps.
    ("订单…下", "订单我司采购部小王下", "订单我司采购部小王下"),
    ("订单…下", "订单。下", nil), ("订单…下", "订单，下", nil), ("订单……下", "订单，下", "订单，下"),
    ("订单……下", "订单。下", nil), ("订单...下", "订单小王下", "订单小王下"),
    ("订单…下", "订单一二三四五六七八九十一二三下", nil),
    (
      "order … placed", "the order for ten machines was placed", "order for ten machines was placed"
    ),
    ("a1…b2…c3", "a1 b2 b2 c3", "a1 b2 b2 c3"),
    // Alternatives.
    ("{订单|单子}{下|发}了", "单子发了", "单子发了"), ("订单{正式|}下", "订单下", "订单下"),
    // 了 asks that it is done, 。 that the clause ends.
    ("下单了", "今天下单", nil), ("下单了", "今天下了单。", "下了单"),
    ("可以。", "可以", "可以"), ("可以。", "可以的，好", "可以"), ("可以。", "可以谈", nil),
    // A comma stands for one.
    ("好的，成交", "好的,成交", "好的,成交"), ("成交！", "成交", "成交"),
  ])
  func aKeywordIsFound(_ keyword: String, _ text: String, _ words: String?) {
    #expect(found(keyword, in: text) == words)
  }

  @Test(arguments: [
    ("", "no-words"), ("，！", "no-words"), ("我们", "no-words"), ("the", "no-words"),
    ("…报价", "no-words"), ("报价…", "no-words"), ("报价…了", "no-words"),
    ("{报价", "unbalanced-braces"), ("报价}", "unbalanced-braces"),
    ("{a|{b}}", "unbalanced-braces"), ("{|}", "no-words"),
    (String(repeating: "{a|b}", count: 11), "too-many-alternatives"),
  ])
  func aKeywordThatMeansNothing(_ keyword: String, _ code: String) {
    #expect(throws: Phrase.Fault.self) { try Phrase.phrases(of: keyword) }
    do {
      _ = try Phrase.phrases(of: keyword)
    } catch {
      #expect(error.code == code)
    }
  }

  @Test func alternativesThatAreTheSameCountOnce() throws {
    #expect(try Phrase.phrases(of: "{我们|}确认{了|}").count == 2)
    #expect(try Phrase.phrases(of: "{x|X|ｘ}").count == 1)
  }

  @Test func everyReadyMadeKeywordMeansSomething() throws {
    for rule in Rule.readyMade {
      #expect(RuleCheck.failures(of: rule).isEmpty)
      #expect(rule.mode == .auto)
      #expect(rule.confidence >= Rule.autoThreshold)
    }
    #expect(
      Rule.readyMade.map(\.key) == ["solution-confirmed", "quote-confirmed", "contract-signed"])
  }

  @Test func noCueIsAFillerAsWell() {
    for list in [Lexicon.chinese, Lexicon.english] {
      var kinds: [String: Cue.Kind] = [:]
      for (kind, words) in list {
        for word in words {
          if let other = kinds[word], other != kind, kind == .filler || other == .filler {
            Issue.record("\(word) is \(other) and \(kind)")
          }
          kinds[word] = kind
        }
      }
    }
  }
}
