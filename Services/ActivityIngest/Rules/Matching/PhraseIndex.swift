/// Finds phrases in texts, in one pass whatever their number.
struct PhraseIndex: Sendable {
  /// A phrase that stands in a text.
  struct Hit: Hashable, Sendable {
    /// Position in the list that the index was made of.
    var phrase: Int
    /// Where its atoms stand among the text's symbols, in order.
    var atoms: [Range<Int>]

    /// Whether something else stands between the atoms.
    var hasGap: Bool {
      zip(atoms, atoms.dropFirst()).contains { $0.upperBound < $1.lowerBound }
    }
  }

  /// An atom's part in a phrase.
  private struct Use {
    var phrase: Int32
    var position: Int32
  }

  private let phrases: [Phrase]
  private let automaton: WordAutomaton
  private let uses: [[Use]]

  init(_ phrases: [Phrase]) {
    var numbers: [[UInt32]: Int] = [:]
    var atoms: [[UInt32]] = []
    var uses: [[Use]] = []
    for (index, phrase) in phrases.enumerated() {
      for (position, atom) in phrase.atoms.enumerated() {
        let number = numbers[atom] ?? atoms.count
        if number == atoms.count {
          numbers[atom] = number
          atoms.append(atom)
          uses.append([])
        }
        uses[number].append(Use(phrase: Int32(index), position: Int32(position)))
      }
    }
    self.phrases = phrases
    self.uses = uses
    automaton = WordAutomaton(atoms)
  }

  /// Every place of every phrase, in order of the ends; of a phrase with gaps the shortest way to
  /// each end.
  func hits(in text: CuedText) -> [Hit] {
    let symbols = text.symbols
    var hits: [Hit] = []
    // Beginnings of phrases with gaps, by phrase and by how many atoms they have.
    var beginnings: [Int64: [[Range<Int>]]] = [:]
    automaton.search(symbols) { word, range in
      guard PhraseIndex.isWhole(range, in: symbols) else { return }
      for use in uses[word] {
        let phrase = phrases[Int(use.phrase)]
        var atoms: [Range<Int>] = []
        if use.position > 0 {
          let gap = phrase.gaps[Int(use.position) - 1]
          guard let before = beginnings[PhraseIndex.key(use, atoms: use.position)],
            let nearest = before.last(where: { $0[$0.count - 1].upperBound <= range.lowerBound }),
            PhraseIndex.bridges(
              nearest[nearest.count - 1].upperBound..<range.lowerBound, gap, symbols)
          else { continue }
          atoms = nearest
        }
        atoms.append(range)
        if atoms.count == phrase.atoms.count {
          if !phrase.needsClauseEnd || PhraseIndex.endsClause(range.upperBound, in: symbols) {
            hits.append(Hit(phrase: Int(use.phrase), atoms: atoms))
          }
        } else {
          let key = PhraseIndex.key(use, atoms: use.position + 1)
          beginnings[key, default: []].append(atoms)
          if let count = beginnings[key]?.count, count > 64 { beginnings[key]?.removeFirst(32) }
        }
      }
    }
    return hits
  }

  private static func key(_ use: Use, atoms: Int32) -> Int64 {
    Int64(use.phrase) << 32 | Int64(atoms)
  }

  /// Whether an atom neither begins nor ends within a word.
  static func isWhole(_ range: Range<Int>, in symbols: [UInt32]) -> Bool {
    let (start, end) = (range.lowerBound, range.upperBound)
    return (start == 0 || !Lexicon.joins(symbols[start - 1], symbols[start]))
      && (end == symbols.count || !Lexicon.joins(symbols[end - 1], symbols[end]))
  }

  /// Whether a gap may be as long as this, in quarters of a Chinese character.
  static func bridges(_ range: Range<Int>, _ gap: Phrase.Gap, _ symbols: [UInt32]) -> Bool {
    var length = 0
    for symbol in symbols[range].reversed() {
      switch symbol {
      case FoldedText.Mark.weak where gap == .withinSentence: continue
      case FoldedText.Mark.weak...FoldedText.Mark.question: return false
      case FoldedText.blank: continue
      default: length += FoldedText.isLetter(symbol) ? 1 : 4
      }
      if length > 48 { return false }
    }
    return true
  }

  /// Particles may stand between the last word and the end.
  private static func endsClause(_ index: Int, in symbols: [UInt32]) -> Bool {
    guard let next = symbols[index...].first(where: { !finalParticles.contains($0) }) else {
      return true
    }
    return FoldedText.Mark.isMark(next)
  }

  private static let finalParticles = Set("的啊嘛滴 ".unicodeScalars.map(\.value))
}
