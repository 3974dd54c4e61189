/// Whether words speak of something done: 签了, 已签, "signed".
enum Completion {
  /// What a keyword asks with.
  static let requested = Set("了已".unicodeScalars.map(\.value))
  private static let marks = Set("了已好完毕妥".unicodeScalars.map(\.value))
  private static let already: UInt32 = 0x5df2
  private static let need = "need".unicodeScalars.map(\.value)
  private static let words: Set<[UInt32]> = Set(
    ["done", "gone", "sent", "given", "won"].map { $0.unicodeScalars.map(\.value) })
  private static let ending: [UInt32] = "ed".unicodeScalars.map(\.value)

  /// - Parameter before: what stands right before the words, where 已 may be.
  static func isSaid(by symbols: ArraySlice<UInt32>, after before: ArraySlice<UInt32>) -> Bool {
    if symbols.contains(where: marks.contains) || before.contains(already) { return true }
    return symbols.split { !FoldedText.isLetter($0) }.contains { word in
      word.count > 3
        && ((word.suffix(2).elementsEqual(ending) && !word.elementsEqual(need))
          || words.contains(Array(word)))
    }
  }
}
