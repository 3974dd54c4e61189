/// Words around a match that say what it is worth, and words that say nothing.
struct Cue: Hashable, Sendable {
  enum Kind: Int32 {
    /// Looks like a cue and is none: 没问题, "no problem".
    case plain
    /// Says nothing; matching goes on as if it were not there: 我们, 已经, "the".
    case filler
    /// Not, not yet, still to come: before a match, within it or right behind it.
    case negation
    /// Anywhere in the clause.
    case question
    /// A question, where a clause begins with it: "is the".
    case opening
    /// Asks somebody to do it: before a bare verb.
    case request
    /// If, once: in the sentence so far, or behind the match.
    case condition
    /// The same, where a clause begins with it: 等.
    case waiting
    /// Will, plan, tomorrow, perhaps: in the clause.
    case plan
    /// 吧: right behind a match that is no proposal itself.
    case suggestion
    /// After, before, when: right behind the match.
    case sequel
    /// Makes the match the name of something: right behind it.
    case noun
    /// Undoes it: anywhere in the clause.
    case withdrawal
    /// Finds fault with it: behind the match or within it.
    case objection
    /// Hands it to somebody to be done: within the match.
    case handover
    /// Only that it came: behind "confirm".
    case receipt
    /// What was said before it does not reach over it; a clause that begins with it limits the one
    /// before: 但, "but".
    case contrast
    /// What was said before it does not reach over it: 所以, "so".
    case turn
  }

  var kind: Kind
  /// Where it stands among the folded symbols.
  var range: Range<Int>
}

/// A folded text without its fillers, and its cues.
struct CuedText: Sendable {
  let folded: FoldedText
  /// The symbols that phrases are searched in.
  private(set) var symbols: [UInt32] = []
  /// Where each of them stands in ``folded``.
  private(set) var positions: [Int32] = []
  /// In order, none within another.
  private(set) var cues: [Cue] = []

  init(_ folded: FoldedText) {
    self.folded = folded
    let source = folded.symbols
    symbols.reserveCapacity(source.count)
    positions.reserveCapacity(source.count)
    var index = 0
    while index < source.count {
      guard let (kind, length) = Lexicon.standard.longestWord(in: source, at: index) else {
        emit(source[index], at: index)
        index += 1
        continue
      }
      let range = index..<(index + length)
      if kind != .filler {
        if kind != .plain { cues.append(Cue(kind: kind, range: range)) }
        for position in range { emit(source[position], at: position) }
      }
      index = range.upperBound
    }
    if symbols.last == FoldedText.blank { removeLast() }
  }

  init(_ text: String) { self.init(FoldedText(text)) }

  /// Whether one of these symbols was left out as a filler.
  func skips(_ wanted: Set<UInt32>) -> Bool {
    let kept = Set(positions)
    return folded.symbols.indices.contains {
      wanted.contains(folded.symbols[$0]) && !kept.contains(Int32($0))
    }
  }

  /// A blank is only kept between two words.
  private mutating func emit(_ symbol: UInt32, at position: Int) {
    if symbol == FoldedText.blank {
      guard let last = symbols.last, FoldedText.isLetter(last) else { return }
    } else if symbols.last == FoldedText.blank, !FoldedText.isLetter(symbol) {
      removeLast()
    }
    symbols.append(symbol)
    positions.append(Int32(truncatingIfNeeded: position))
  }

  private mutating func removeLast() {
    symbols.removeLast()
    positions.removeLast()
  }
}
