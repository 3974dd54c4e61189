/// Subjects that begin with "Re:" or "转发：".
enum ReplyPrefix {
  private static let words: [[UInt32]] = [
    "re", "fw", "fwd", "aw", "回复", "答复", "转发", "回覆", "轉發",
  ].map { FoldedText($0).symbols }

  /// - Parameter subject: folded, where the colon is gone.
  static func begins(_ subject: [UInt32]) -> Bool {
    words.contains { word in
      subject.starts(with: word) && PhraseIndex.isWhole(0..<word.count, in: subject)
    }
  }
}
