/// A text as the matcher sees it: folded symbols, each with the offset that it came from. Between
/// two words stands one blank; punctuation has become a ``Mark``; the rest is gone.
struct FoldedText: Sendable {
  /// Symbols that no character folds to.
  enum Mark {
    /// Ends a clause.
    static let weak: UInt32 = 1
    /// Ends a sentence.
    static let strong: UInt32 = 2
    /// Ends a sentence that asks.
    static let question: UInt32 = 3

    static func isMark(_ symbol: UInt32) -> Bool { symbol >= weak && symbol <= question }
  }

  static let blank: UInt32 = 0x20
  private static let apostrophe: UInt32 = 0x27

  private(set) var symbols: [UInt32] = []
  /// Offsets in Unicode code points.
  private(set) var origins: [Int32] = []

  /// - Parameter scalars: the whole text.
  /// - Parameter visible: what of it is read, in order; each part is a sentence of its own.
  init(_ scalars: [Unicode.Scalar], visible: [Range<Int>]) {
    symbols.reserveCapacity(scalars.count)
    origins.reserveCapacity(scalars.count)
    for range in visible {
      fold(scalars, range)
      mark(Mark.strong, at: range.upperBound)
    }
    if symbols.last == Mark.strong { removeLast() }
  }

  /// A short text of our own or of a rule.
  init(_ text: String) {
    let scalars = Array(text.unicodeScalars)
    self.init(scalars, visible: [0..<scalars.count])
  }

  /// Whether the symbol belongs to a word of a script with blanks.
  static func isLetter(_ symbol: UInt32) -> Bool {
    if symbol < 0x80 { return symbol > blank }
    return Unicode.Scalar(symbol).map { ScalarFolding.fold($0).kind == .letter } ?? false
  }

  private mutating func fold(_ scalars: [Unicode.Scalar], _ range: Range<Int>) {
    var lineStart = range.lowerBound
    var isSeparated = false
    var lastKind = ScalarFolding.Kind.separator
    for index in range {
      let (kind, symbol) = ScalarFolding.fold(scalars[index])
      let next = index + 1 < range.upperBound ? scalars[index + 1] : nil
      switch kind {
      case .letter:
        if isSeparated, lastKind == .letter { append(FoldedText.blank, index) }
        append(symbol, index)
        (lastKind, isSeparated) = (.letter, false)
      case .ideograph:
        append(symbol, index)
        (lastKind, isSeparated) = (.ideograph, false)
      case .apostrophe:
        if lastKind == .letter, !isSeparated, let next, ScalarFolding.fold(next).kind == .letter {
          append(FoldedText.apostrophe, index)
        } else {
          isSeparated = true
        }
      case .ignorable: break
      case .separator: isSeparated = true
      case .comma, .dot:
        let isInNumber = isDigit(symbols.last) && isDigit(next?.value)
        if isInNumber || (kind == .dot && !endsSentence(before: next)) {
          isSeparated = true
        } else {
          let isEllipsis = next == "." || (index > range.lowerBound && scalars[index - 1] == ".")
          mark(kind == .comma || isEllipsis ? Mark.weak : Mark.strong, at: index)
          lastKind = .separator
        }
      case .strongBreak:
        mark(Mark.strong, at: index)
        lastKind = .separator
      case .questionMark:
        mark(Mark.question, at: index)
        lastKind = .separator
      case .newline:
        // A long line that goes on in lower case was only wrapped.
        if index - lineStart >= 50, lastKind == .letter, let next = afterLineEnd(scalars, index),
          (0x61...0x7a).contains(next.value)
        {
          isSeparated = true
        } else {
          mark(Mark.strong, at: index)
          lastKind = .separator
        }
        lineStart = index + 1
      }
    }
  }

  private func afterLineEnd(_ scalars: [Unicode.Scalar], _ index: Int) -> Unicode.Scalar? {
    var next = index + 1
    if next < scalars.count, scalars[index] == "\r", scalars[next] == "\n" { next += 1 }
    return next < scalars.count ? scalars[next] : nil
  }

  private func isDigit(_ symbol: UInt32?) -> Bool {
    symbol.map { (0x30...0x39).contains($0) } ?? false
  }

  /// A dot within `example.com` or after `No` ends nothing.
  private func endsSentence(before next: Unicode.Scalar?) -> Bool {
    if let next, ScalarFolding.fold(next).kind == .letter { return false }
    let word = symbols.reversed().prefix { FoldedText.isLetter($0) }
    return !FoldedText.abbreviations.contains(Array(word.reversed()))
  }

  private static let abbreviations: Set<[UInt32]> = Set(
    ["no", "mr", "ms", "mrs", "dr", "vs", "approx", "e", "g"].map {
      $0.unicodeScalars.map(\.value)
    })

  private mutating func append(_ symbol: UInt32, _ origin: Int) {
    symbols.append(symbol)
    origins.append(Int32(truncatingIfNeeded: origin))
  }

  /// Of marks that follow one another the strongest stays; a text does not begin with one.
  private mutating func mark(_ mark: UInt32, at origin: Int) {
    guard let last = symbols.last else { return }
    if FoldedText.Mark.isMark(last) {
      symbols[symbols.count - 1] = max(last, mark)
    } else {
      append(mark, origin)
    }
  }

  private mutating func removeLast() {
    symbols.removeLast()
    origins.removeLast()
  }
}
