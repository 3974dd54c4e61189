import Contracts

/// Words that a rule looks for, in the form that texts are searched in.
///
/// A keyword is literal text. Case, width, punctuation, blanks and fillers (我们, 已经, 了, "the") make
/// no difference, in it or in the text. Beyond that
/// - `{a|b}` stands for either, `{a|}` for a or nothing,
/// - `…` for up to 12 Chinese characters or 48 letters in the same clause, `……` for as much within
///   the sentence,
/// - 了 or 已 in it asks that the text says it as done (了, 已, 好, 完, "signed"),
/// - 。 at the end asks that the clause ends there.
struct Phrase: Hashable, Sendable {
  enum Gap: Hashable, Sendable {
    case withinClause, withinSentence
  }

  /// Most phrases that one keyword may stand for.
  static let maximumAlternatives = 2_000

  /// One or more; none empty.
  var atoms: [[UInt32]]
  /// One between each two atoms.
  var gaps: [Gap]
  var needsCompletion: Bool
  var needsClauseEnd: Bool

  /// Why a keyword means nothing.
  struct Fault: Error, Hashable, Sendable {
    var code: String
    var message: LocalizedText
  }

  /// All phrases that a keyword stands for, none twice.
  static func phrases(of keyword: String) throws(Fault) -> [Phrase] {
    var phrases: [Phrase] = []
    var known: Set<Phrase> = []
    for text in try alternatives(of: keyword) {
      let phrase = try Phrase(text)
      if known.insert(phrase).inserted { phrases.append(phrase) }
    }
    return phrases
  }

  private init(_ text: String) throws(Fault) {
    var parts: [(text: String, gap: Gap)] = [("", .withinClause)]
    for character in text.replacing("...", with: "…") {
      if character == "…" {
        if parts[parts.count - 1].text.isEmpty, parts.count > 1 {
          parts[parts.count - 1].gap = .withinSentence
        } else {
          parts.append(("", .withinClause))
        }
      } else {
        parts[parts.count - 1].text.append(character)
      }
    }
    atoms = []
    needsCompletion = false
    for part in parts {
      // Marks at the ends separate what follows and precedes anyway.
      let cued = CuedText(part.text)
      needsCompletion = needsCompletion || cued.skips(Completion.requested)
      let symbols = cued.symbols
      let trimmed = symbols.drop { FoldedText.Mark.isMark($0) }
        .reversed().drop { FoldedText.Mark.isMark($0) }.reversed()
      guard !trimmed.isEmpty else { throw parts.count == 1 ? .nothing : .emptyGapSide }
      atoms.append(Array(trimmed))
    }
    gaps = parts.dropFirst().map(\.gap)
    needsClauseEnd = text.hasSuffix("。")
  }

  /// The keyword with each choice of its alternatives.
  private static func alternatives(of keyword: String) throws(Fault) -> [String] {
    var texts = [""]
    var rest = Substring(keyword)
    while let open = rest.firstIndex(where: { $0 == "{" || $0 == "}" }) {
      guard rest[open] == "{", let close = rest[open...].firstIndex(of: "}"),
        !rest[rest.index(after: open)..<close].contains("{")
      else { throw .braces }
      let choices = rest[rest.index(after: open)..<close]
        .split(separator: "|", omittingEmptySubsequences: false)
      guard texts.count * choices.count <= maximumAlternatives else { throw .tooMany }
      let before = rest[..<open]
      texts = texts.flatMap { text in choices.map { text + before + $0 } }
      rest = rest[rest.index(after: close)...]
    }
    return texts.map { $0 + rest }
  }
}

extension Phrase.Fault {
  static let nothing = Phrase.Fault(
    code: "no-words",
    message: LocalizedText(
      zh: "除标点和虚词外没有可搜索的词", en: "holds no words but punctuation and fillers"))
  static let emptyGapSide = Phrase.Fault(
    code: "no-words",
    message: LocalizedText(zh: "“…”两侧都要有词", en: "needs words on both sides of …"))
  static let braces = Phrase.Fault(
    code: "unbalanced-braces",
    message: LocalizedText(
      zh: "花括号不配对；写法为 {甲|乙}，不能嵌套",
      en: "has braces that do not match; write {a|b}, not one within another"))
  static let tooMany = Phrase.Fault(
    code: "too-many-alternatives",
    message: LocalizedText(
      zh: "展开后超过 \(Phrase.maximumAlternatives) 种说法",
      en: "stands for more than \(Phrase.maximumAlternatives) phrases"))
}
