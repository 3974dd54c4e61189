/// A text that many events share (a stage, an owner), held once. The zero value stands for null.
struct Symbol: Hashable, Sendable {
  fileprivate var index: Int32 = 0

  static let null = Symbol()
}

/// The texts behind the symbols; keeps a million events in about 200 bytes each.
struct SymbolTable: Sendable {
  private var texts: [String] = [""]
  private var symbols: [String: Symbol] = [:]

  mutating func symbol(_ text: String?) -> Symbol {
    guard let text else { return .null }
    if let known = symbols[text] { return known }
    let symbol = Symbol(index: Int32(texts.count))
    texts.append(text)
    symbols[text] = symbol
    return symbol
  }

  /// Nil for ``Symbol/null``.
  subscript(symbol: Symbol) -> String? { symbol == .null ? nil : texts[Int(symbol.index)] }

  /// Empty for ``Symbol/null``.
  func text(_ symbol: Symbol) -> String { texts[Int(symbol.index)] }
}
