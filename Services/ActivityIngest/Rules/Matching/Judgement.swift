/// What the words around a hit make of it.
enum Judgement: Hashable, Sendable {
  /// It counts, as said here; in the presence of conditions, plans and doubts less.
  case stated
  case doubtful
  /// The opposite is said, or that it is still to come.
  case denied
  /// It is asked, or asked for, or means something else.
  case dismissed
}

/// Judges the hits in one text.
struct Judge {
  private let text: CuedText
  private let clauses: Clauses
  private var symbols: [UInt32] { text.folded.symbols }

  /// How far a cue may stand from a hit.
  private static let reach = 200
  /// How far right behind a hit is.
  private static let nearby = 3
  private static let particle: UInt32 = 0x4e86
  /// 按这个报价走吧 decides, 报价没问题吧 asks.
  private static let proposing = Set("按照依用选方".unicodeScalars.map(\.value))

  init(_ text: CuedText) {
    self.text = text
    clauses = Clauses(text.folded.symbols)
  }

  /// The hit's extent in the folded text, with 了 behind it.
  func extent(of hit: PhraseIndex.Hit) -> Range<Int> {
    let atoms = hit.atoms.map(folded)
    let end = atoms[atoms.count - 1].upperBound
    let isFollowedByParticle = end < symbols.count && symbols[end] == Judge.particle
    return atoms[0].lowerBound..<(isFollowedByParticle ? end + 1 : end)
  }

  func judge(_ hit: PhraseIndex.Hit, of phrase: Phrase) -> Judgement {
    let atoms = hit.atoms.map(folded)
    let match = atoms[0].lowerBound..<atoms[atoms.count - 1].upperBound
    let clause = clauses.clause(around: match)
    let isCompleted = Completion.isSaid(
      by: symbols[match.lowerBound..<min(clause.upperBound, match.upperBound + 1)],
      after: symbols[max(clause.lowerBound, match.lowerBound - 2)..<match.lowerBound])
    if phrase.needsCompletion, !isCompleted { return .dismissed }
    if clauses.asks(clause) { return .dismissed }

    let start = clauses.sentenceStart(of: clause, notBefore: match.lowerBound - Judge.reach)
    let cues = cues(in: start..<min(clause.upperBound, match.upperBound + Judge.reach))
      .filter { cue in !atoms.contains { $0.contains(cue.range) } }
    let surroundings = Surroundings(
      atoms: atoms, match: match, clause: clause, isCompleted: isCompleted, cues: cues)
    var judgement = isLimited(clause) ? Judgement.doubtful : .stated
    for index in cues.indices {
      guard let effect = effect(of: index, in: surroundings) else { continue }
      if effect != .doubtful { return effect }
      judgement = .doubtful
    }
    return judgement
  }

  private struct Surroundings {
    let atoms: [Range<Int>]
    /// From the first atom to the last.
    let match: Range<Int>
    let clause: Range<Int>
    let isCompleted: Bool
    /// Of the sentence up to the clause's end.
    let cues: [Cue]
  }

  /// What one cue does; nil for nothing.
  private func effect(of index: Int, in around: Surroundings) -> Judgement? {
    let cue = around.cues[index]
    let isBefore = cue.range.upperBound <= around.match.lowerBound
    let isBehind = cue.range.lowerBound >= around.match.upperBound
    let distance = cue.range.lowerBound - around.match.upperBound
    let isRightBehind = isBehind && distance <= Judge.nearby
    if cue.kind == .condition { return .doubtful }
    if cue.kind == .waiting { return clauses.begins(at: cue.range.lowerBound) ? .doubtful : nil }
    guard cue.range.lowerBound >= around.clause.lowerBound else { return nil }
    switch cue.kind {
    case .negation:
      if isBehind { return isRightBehind ? .denied : nil }
      return isBefore && around.cues[index...].contains(where: Judge.turns) ? nil : .denied
    case .withdrawal:
      return .denied
    case .question:
      return .dismissed
    case .opening:
      return cue.range.lowerBound == around.clause.lowerBound ? .dismissed : nil
    case .request:
      return asks(cue, in: around) ? .dismissed : nil
    case .plan:
      // Behind what is done stands what comes next.
      guard isBehind else { return .doubtful }
      let isOfSomethingElse = around.cues[..<index].contains {
        Judge.turns($0) && $0.range.lowerBound >= around.match.upperBound
      }
      return around.isCompleted || isOfSomethingElse ? nil : .doubtful
    case .suggestion:
      let isDecision = Judge.proposing.contains(symbols[around.match.lowerBound])
      return isRightBehind && !isDecision ? .doubtful : nil
    case .sequel:
      return isRightBehind ? .doubtful : nil
    case .noun:
      let isOfSomething = cue.range.upperBound < around.clause.upperBound
      return isBehind && distance <= 1 && !around.isCompleted && isOfSomething ? .doubtful : nil
    case .objection:
      return isBefore ? nil : .dismissed
    case .handover:
      return isBefore || isBehind || around.isCompleted ? nil : .dismissed
    case .receipt:
      return isReceipt(cue, in: around) ? .dismissed : nil
    case .condition, .waiting, .contrast, .turn, .plain, .filler:
      return nil
    }
  }

  private static func turns(_ cue: Cue) -> Bool { cue.kind == .contrast || cue.kind == .turn }

  /// Whether a request is for what the atoms say. 请…签好的合同 asks for a signed contract; where the
  /// first atom is no verb, what is done already cannot be asked for.
  private func asks(_ request: Cue, in around: Surroundings) -> Bool {
    let first = around.atoms[0]
    if BareVerb.begins(symbols[first]),
      request.range.upperBound <= first.lowerBound || !around.isCompleted
    {
      return true
    }
    return !around.isCompleted
      && around.atoms.contains {
        $0.lowerBound >= request.range.upperBound && BareVerb.begins(symbols[$0])
      }
  }

  /// Whether only the arrival is confirmed.
  private func isReceipt(_ cue: Cue, in around: Surroundings) -> Bool {
    guard let verb = around.atoms.last(where: { $0.upperBound <= cue.range.lowerBound }),
      cue.range.lowerBound - verb.upperBound <= Judge.nearby
    else { return false }
    let isBehind = cue.range.lowerBound >= around.match.upperBound
    return BareVerb.begins(symbols[isBehind ? around.match : verb])
  }

  /// Whether the next clause of the sentence begins with "but" or with waiting for something.
  private func isLimited(_ clause: Range<Int>) -> Bool {
    guard let next = clauses.next(after: clause), let cue = firstCue(atOrAfter: next),
      cue.range.lowerBound == next
    else { return false }
    return cue.kind == .contrast || cue.kind == .waiting
  }

  private func folded(_ atom: Range<Int>) -> Range<Int> {
    Int(text.positions[atom.lowerBound])..<(Int(text.positions[atom.upperBound - 1]) + 1)
  }

  /// Only for short ranges: it is a walk over the cues.
  private func cues(in range: Range<Int>) -> ArraySlice<Cue> {
    text.cues[position(atOrAfter: range.lowerBound)...]
      .prefix { $0.range.upperBound <= range.upperBound }
  }

  private func firstCue(atOrAfter symbol: Int) -> Cue? {
    let position = position(atOrAfter: symbol)
    return position < text.cues.count ? text.cues[position] : nil
  }

  private func position(atOrAfter symbol: Int) -> Int {
    firstIndex(in: text.cues.indices) { text.cues[$0].range.lowerBound >= symbol }
  }
}

/// Verbs that ask for something when a request stands before them.
private enum BareVerb {
  private static let verbs: [[UInt32]] = [
    "确认", "确定", "签", "同意", "接受", "认可", "敲定", "定下", "采用", "批准", "通过", "盖章", "用印", "回传", "寄",
    "confirm", "sign", "approve", "accept", "agree", "acknowledge", "execute", "countersign",
  ].map { FoldedText($0).symbols }

  static func begins(_ symbols: ArraySlice<UInt32>) -> Bool {
    verbs.contains { symbols.starts(with: $0) }
  }
}
