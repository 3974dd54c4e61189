/// The cues and fillers of both languages.
struct Lexicon: Sendable {
  static let standard = Lexicon(Lexicon.chinese + Lexicon.english)

  private var trie = SymbolTrie()

  /// - Parameter words: of a word that stands there twice the first kind counts.
  init(_ words: [(kind: Cue.Kind, words: [String])]) {
    for (kind, words) in words {
      for word in words { trie.insert(FoldedText(word).symbols, value: kind.rawValue) }
    }
  }

  /// The longest entry that begins at `index`, as a whole word where the script has words.
  func longestWord(in text: [UInt32], at index: Int) -> (kind: Cue.Kind, length: Int)? {
    guard var node = trie.child(of: SymbolTrie.root, text[index]) else { return nil }
    if index > 0, Lexicon.joins(text[index - 1], text[index]) { return nil }
    var found: (Cue.Kind, Int)?
    var end = index + 1
    while true {
      if let kind = Cue.Kind(rawValue: trie.values[Int(node)]),
        end == text.count || !Lexicon.joins(text[end - 1], text[end])
      {
        found = (kind, end - index)
      }
      guard end < text.count, let next = trie.child(of: node, text[end]) else { return found }
      node = next
      end += 1
    }
  }

  /// Whether two neighbours belong to one word.
  static func joins(_ left: UInt32, _ right: UInt32) -> Bool {
    FoldedText.isLetter(left) && FoldedText.isLetter(right)
  }

  /// Every combination of the parts, with `separator` between them.
  static func combine(_ parts: [String]..., separator: String = "") -> [String] {
    parts.dropFirst().reduce(parts.first ?? []) { heads, tails in
      heads.flatMap { head in
        tails.map { tail in head.isEmpty || tail.isEmpty ? head + tail : head + separator + tail }
      }
    }
  }
}
