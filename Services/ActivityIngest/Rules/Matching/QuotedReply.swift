import Foundation

/// Tells what somebody wrote from what they only quoted of an earlier message.
enum QuotedReply {
  /// The parts that are the writer's own, in order.
  static func visible(in scalars: [Unicode.Scalar]) -> [Range<Int>] {
    let lines = lines(of: scalars)
    guard lines.count > 1 || scalars.first(where: { !isBlank($0) }).map(isQuoteMark) ?? false else {
      return [0..<scalars.count]
    }
    var visible: [Range<Int>] = []
    var hasContent = false
    for (number, line) in lines.enumerated() {
      guard let first = scalars[line].first(where: { !isBlank($0) }) else {
        extend(&visible, line)
        continue
      }
      if isQuoteMark(first) { continue }
      // At the very top stand the headers of the message itself.
      if hasContent, beginsQuote(scalars, lines[number...]) { break }
      hasContent = true
      extend(&visible, line)
    }
    return visible
  }

  /// Lines with their ends.
  private static func lines(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
    var lines: [Range<Int>] = []
    var start = 0
    for index in scalars.indices {
      let isEnd =
        switch scalars[index].value {
        case 0x0a, 0x2028, 0x2029, 0x85: true
        case 0x0d: index + 1 == scalars.count || scalars[index + 1] != "\n"
        default: false
        }
      guard isEnd else { continue }
      lines.append(start..<(index + 1))
      start = index + 1
    }
    if start < scalars.count { lines.append(start..<scalars.count) }
    return lines
  }

  private static func extend(_ visible: inout [Range<Int>], _ line: Range<Int>) {
    if let last = visible.last, last.upperBound == line.lowerBound {
      visible[visible.count - 1] = last.lowerBound..<line.upperBound
    } else {
      visible.append(line)
    }
  }

  private static func isQuoteMark(_ scalar: Unicode.Scalar) -> Bool {
    scalar == ">" || scalar == "\u{ff1e}"
  }

  private static func isBlank(_ scalar: Unicode.Scalar) -> Bool {
    scalar.properties.isWhitespace
  }

  /// Whether from the first of `lines` on there is nothing but an earlier message.
  private static func beginsQuote(
    _ scalars: [Unicode.Scalar], _ lines: ArraySlice<Range<Int>>
  ) -> Bool {
    func text(_ line: Range<Int>) -> String {
      // Longer lines are prose.
      guard line.count <= 300 else { return "" }
      return String(String.UnicodeScalarView(scalars[line]))
        .trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
        .replacing("：", with: ":")
    }
    guard let first = lines.first.map(text), !first.isEmpty else { return false }
    if ["original message", "forwarded message", "原始邮件", "转发邮件", "转发的邮件"].contains(
      where: first.contains), first.hasPrefix("-") || first.hasPrefix("_")
    {
      return true
    }
    let hasDigit = first.utf8.contains { (48...57).contains($0) }
    if hasDigit, first.hasSuffix("写道:") { return true }
    if hasDigit, first.hasPrefix("on ") {
      let second = lines.dropFirst().first.map(text) ?? ""
      if first.hasSuffix("wrote:") || second.hasSuffix("wrote:") { return true }
    }
    guard first.hasPrefix("from:") || first.hasPrefix("发件人:") else { return false }
    return lines.dropFirst().prefix(4).map(text).contains { line in
      ["sent:", "date:", "to:", "subject:", "发送时间:", "日期:", "时间:", "收件人:", "主题:"]
        .contains(where: line.hasPrefix)
    }
  }
}
