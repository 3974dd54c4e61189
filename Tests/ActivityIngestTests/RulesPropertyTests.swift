import Contracts
import Testing

@testable import ActivityIngest

/// What holds for every text.
@Suite struct RulesPropertyTests {
  /// SplitMix64: the same numbers in every run.
  private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
      return mixed ^ mixed >> 31
    }
  }

  private static let sentences = (RulesCorpus.chinese + RulesCorpus.english).map(\.text)

  private func find(_ text: String, in engine: RuleEngine) -> [RuleMatch] {
    engine.matches(text: text, subject: text, kind: nil, direction: nil)
  }

  private func check(_ matches: [RuleMatch], of text: String) {
    let scalars = Array(text.unicodeScalars)
    for match in matches {
      #expect(match.start >= 0 && match.start < match.end && match.end <= scalars.count)
      #expect(
        String(String.UnicodeScalarView(scalars[match.start..<match.end])) == match.words)
      #expect(match.confidence > 0 && match.confidence <= 1)
    }
    #expect(Set(matches.map(\.intent)).count == matches.count)
  }

  @Test func theOrderOfKeywordsDoesNotMatter() {
    var numbers = Numbers(state: 1)
    let engine = RuleEngine(rules: Rule.readyMade)
    let shuffled = RuleEngine(
      rules: Rule.readyMade.shuffled(using: &numbers).map { rule in
        var rule = rule
        rule.keywords.shuffle(using: &numbers)
        return rule
      })
    for sentence in Self.sentences {
      #expect(find(sentence, in: engine) == find(sentence, in: shuffled), "\(sentence)")
    }
  }

  /// Whatever stands in the sentences before and behind moves the span and nothing else.
  @Test func otherSentencesChangeNothing() {
    let engine = RuleEngine(rules: Rule.readyMade)
    for sentence in Self.sentences where !sentence.hasSuffix("...") {
      let alone = engine.matches(text: sentence, subject: nil, kind: nil, direction: nil)
      let among = engine.matches(
        text: "😀您好。\(sentence)。天气不错！", subject: nil, kind: nil, direction: nil)
      let moved = alone.map { match in
        var match = match
        match.start += 4
        match.end += 4
        return match
      }
      #expect(among == moved, "\(sentence)")
    }
  }

  @Test func anyTextIsReadSafely() {
    var numbers = Numbers(state: 7)
    let engine = RuleEngine(rules: Rule.readyMade)
    let ranges: [ClosedRange<UInt32>] = [
      0...0x7f, 0x80...0x24f, 0x300...0x36f, 0x600...0x6ff, 0x2000...0x206f, 0x3000...0x30ff,
      0x4e00...0x9fff, 0xac00...0xd7a3, 0xe000...0xe0ff, 0xfe00...0xffff, 0x1f300...0x1faff,
      0x20000...0x2a6df, 0xe0100...0xe01ef,
    ]
    for _ in 0..<2_000 {
      var text = ""
      for _ in 0..<Int.random(in: 0...40, using: &numbers) {
        if Int.random(in: 0..<4, using: &numbers) == 0 {
          text += Self.sentences.randomElement(using: &numbers) ?? ""
        } else if let range = ranges.randomElement(using: &numbers),
          let scalar = Unicode.Scalar(UInt32.random(in: range, using: &numbers))
        {
          text.unicodeScalars.append(scalar)
        }
      }
      check(find(text, in: engine), of: text)
    }
  }

  @Test(arguments: [
    "报价", "报价确认了", "确认报价吗？", "报价\r", "\u{0}", "> 报价确认\n", "👩‍👩‍👧‍👦报价e\u{301}确认", "quote approved ",
    "如果", "，", "报价确认了，", "报价确认了但", "报价确认了，但",
  ])
  func longTextsAreReadToTheEnd(_ piece: String) {
    let engine = RuleEngine(rules: Rule.readyMade)
    let text = String(repeating: piece, count: 95_000 / piece.utf8.count) + "。方案就这么定了"
    let matches = engine.matches(text: text, subject: nil, kind: nil, direction: nil)
    check(matches, of: text)
    #expect(matches.contains { $0.intent == "solution-confirmed" })
  }

  @Test func aGapFullOfLettersIsNotSearchedOverAndOver() {
    let text = "报价" + String(repeating: "a", count: 50_000) + String(repeating: "确认", count: 10_000)
    let engine = RuleEngine(rules: Rule.readyMade)
    check(engine.matches(text: text, subject: nil, kind: nil, direction: nil), of: text)
  }

  // MARK: Oracle

  /// Looks at every place for every atom.
  private func naiveHits(_ phrases: [Phrase], _ symbols: [UInt32]) -> Set<PhraseIndex.Hit> {
    func places(_ atom: [UInt32]) -> [Range<Int>] {
      symbols.indices.map { $0..<($0 + atom.count) }.filter {
        $0.upperBound <= symbols.count && symbols[$0].elementsEqual(atom)
          && PhraseIndex.isWhole($0, in: symbols)
      }
    }
    var hits: Set<PhraseIndex.Hit> = []
    for (number, phrase) in phrases.enumerated() {
      var chains = places(phrase.atoms[0]).map { [$0] }
      for (atom, gap) in zip(phrase.atoms.dropFirst(), phrase.gaps) {
        chains = places(atom).compactMap { place in
          guard
            let nearest = chains.last(where: { $0[$0.count - 1].upperBound <= place.lowerBound }),
            PhraseIndex.bridges(
              nearest[nearest.count - 1].upperBound..<place.lowerBound, gap, symbols)
          else { return nil }
          return nearest + [place]
        }
      }
      hits.formUnion(chains.map { PhraseIndex.Hit(phrase: number, atoms: $0) })
    }
    return hits
  }

  @Test func theAutomatonFindsWhatANaiveSearchFinds() throws {
    var numbers = Numbers(state: 42)
    let alphabet = ["甲", "乙", "丙", "a", "b", " ", "a b", "，", "。", "我们", "了"]
    func pieces(_ count: ClosedRange<Int>) -> String {
      (0..<Int.random(in: count, using: &numbers))
        .map { _ in alphabet.randomElement(using: &numbers) ?? "" }.joined()
    }
    for _ in 0..<400 {
      let keywords = (0..<12).map { _ in
        (0..<Int.random(in: 1...3, using: &numbers)).map { _ in pieces(1...3) }
          .joined(separator: Bool.random(using: &numbers) ? "…" : "……")
      }
      let phrases = keywords.flatMap { (try? Phrase.phrases(of: $0)) ?? [] }
        .filter { !$0.needsClauseEnd }
      let index = PhraseIndex(phrases)
      let text = CuedText(pieces(0...40))
      let hits = index.hits(in: text)
      #expect(Set(hits) == naiveHits(phrases, text.symbols), "\(keywords) in \(text.symbols)")
      #expect(Set(hits).count == hits.count)
    }
  }
}
