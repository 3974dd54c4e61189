/// Where the clauses and sentences of a folded text begin and end.
struct Clauses {
  private let symbols: [UInt32]
  /// Where marks stand.
  private let marks: [Int]

  init(_ symbols: [UInt32]) {
    self.symbols = symbols
    marks = symbols.indices.filter { FoldedText.Mark.isMark(symbols[$0]) }
  }

  /// From the mark before the range to the one behind it; a range with marks within reaches over
  /// several clauses.
  func clause(around range: Range<Int>) -> Range<Int> {
    let before = firstMark(atOrAfter: range.lowerBound)
    let start = before > 0 ? marks[before - 1] + 1 : 0
    return start..<end(from: range.upperBound)
  }

  /// Where the clause's sentence begins, or `limit` where that lies further behind.
  func sentenceStart(of clause: Range<Int>, notBefore limit: Int) -> Int {
    var mark = firstMark(atOrAfter: clause.lowerBound) - 1
    while mark >= 0, marks[mark] >= limit, symbols[marks[mark]] == FoldedText.Mark.weak {
      mark -= 1
    }
    return max(limit, mark < 0 ? 0 : marks[mark] + 1)
  }

  /// Whether a clause begins there.
  func begins(at index: Int) -> Bool {
    index == 0 || FoldedText.Mark.isMark(symbols[index - 1])
  }

  /// Where the next clause of the same sentence begins.
  func next(after clause: Range<Int>) -> Int? {
    guard clause.upperBound < symbols.count, symbols[clause.upperBound] == FoldedText.Mark.weak
    else { return nil }
    return clause.upperBound + 1
  }

  /// Whether the clause ends in a question mark, or in a comma and a tag such as 对吗.
  func asks(_ clause: Range<Int>) -> Bool {
    if isQuestionMark(clause.upperBound) { return true }
    guard let next = next(after: clause) else { return false }
    let end = end(from: next)
    guard end - next <= 20 else { return false }
    let tag = Array(symbols[next..<end])
    return Clauses.tags.contains(tag) || (isQuestionMark(end) && Clauses.markedTags.contains(tag))
  }

  private func isQuestionMark(_ index: Int) -> Bool {
    index < symbols.count && symbols[index] == FoldedText.Mark.question
  }

  private func end(from index: Int) -> Int {
    let next = firstMark(atOrAfter: index)
    return next < marks.count ? marks[next] : symbols.count
  }

  private func firstMark(atOrAfter index: Int) -> Int {
    firstIndex(in: marks.indices) { marks[$0] >= index }
  }

  /// These ask with and without a question mark.
  private static let tags = folded([
    "对吗", "是吗", "对吧", "是吧", "好吗", "行吗", "可以吗", "对不对", "是不是", "好不好", "行不行", "isn't it", "right",
  ])
  /// These ask with one only.
  private static let markedTags = folded([
    "对", "是", "没错", "ok", "okay", "yes", "correct", "is that right", "is that correct",
  ])

  private static func folded(_ words: [String]) -> Set<[UInt32]> {
    Set(words.map { FoldedText($0).symbols })
  }
}

/// The first index for which `holds`, where it does not change back further on.
func firstIndex(in range: Range<Int>, where holds: (Int) -> Bool) -> Int {
  var (low, high) = (range.lowerBound, range.upperBound)
  while low < high {
    let middle = (low + high) / 2
    if holds(middle) { high = middle } else { low = middle + 1 }
  }
  return low
}
