import Contracts
import Testing

@testable import ActivityIngest

/// Sentences, and what the ready-made rules make of them.
struct RulesCorpus: CustomTestStringConvertible, Sendable {
  /// One letter per rule, `Q`uote, `C`ontract and `S`olution: a capital where a deal is moved, a
  /// small one where somebody has to look; `-` where nothing is found.
  let verdict: String
  let text: String

  var testDescription: String { "\(verdict) \(text)" }

  /// One a line: the verdict, blanks, the sentence.
  static func sentences(_ lines: String) -> [RulesCorpus] {
    lines.split(separator: "\n").map { line in
      let verdict = line.prefix { $0 != " " }
      let text = line.dropFirst(verdict.count).drop { $0 == " " }
      return RulesCorpus(verdict: String(verdict), text: String(text))
    }
  }

  static func verdict(of matches: [RuleMatch]) -> String {
    let letters = matches.map { match in
      let letter = String(match.intent.prefix(1))
      return match.mode == .auto ? letter.uppercased() : letter
    }
    return letters.isEmpty ? "-" : letters.sorted().joined(separator: ",")
  }
}

@Suite struct RulesCorpusTests {
  private static let engine = RuleEngine(rules: Rule.readyMade)

  @Test(arguments: RulesCorpus.chinese + RulesCorpus.english)
  func aSentence(_ sentence: RulesCorpus) {
    let matches = Self.engine.matches(
      text: sentence.text, subject: nil, kind: "chat", direction: .inbound)
    #expect(RulesCorpus.verdict(of: matches) == sentence.verdict, "\(matches)")
    let scalars = Array(sentence.text.unicodeScalars)
    for match in matches {
      let span = String(String.UnicodeScalarView(scalars[match.start..<match.end]))
      #expect(span == match.words)
    }
  }

  @Test func thereAreEnough() {
    let all = RulesCorpus.chinese + RulesCorpus.english
    #expect(all.count > 300)
    for verdict in ["Q", "C", "S", "q", "c", "s", "-"] {
      #expect(all.contains { $0.verdict == verdict })
    }
  }

  @Test func whatACustomerSaysOfTheQuoteMovesTheDeal() throws {
    let text = "报价我们确认了，按这个走"
    let matches = Self.engine.matches(
      text: text, subject: nil, kind: "chat", direction: .inbound)
    let match = try #require(matches.first)
    #expect(matches.count == 1)
    #expect(match.rule == "quote-confirmed")
    #expect(match.intent == "quote-confirmed")
    #expect(match.confidence >= 0.9)
    #expect(match.mode == .auto)
    #expect((match.start, match.end) == (0, 7))
    #expect(match.words == "报价我们确认了")
    #expect(match.part == .text)
    let general = try #require(Self.engine.rule(match.rule)).target(
      pipeline: "any", definition: Ladder.definition, stage: "proposal")
    #expect(general?.stage == "negotiation")
  }
}
