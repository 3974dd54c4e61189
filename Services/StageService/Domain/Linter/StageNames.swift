import Contracts

/// Words in the names of stages, and what they tell.
///
/// A stage says something about a deal only if it is known from outside that the deal stands in it:
/// the customer has done something. “发送报价”, “Send quote” can be done by the seller alone, and the
/// deal is no further for it; “客户确认报价”, “Quote accepted” cannot. So names that begin with, or in
/// Chinese contain, a word for the seller's own doing are remarked upon, unless they also say what has
/// come about or, in Chinese, begin with the customer. Established names, those of a ready-made
/// template, are left alone.
enum StageNames {
  /// What the seller does, and how the customer's part of it could be called.
  private static let sellerZh: [(word: String, instead: String)] = [
    ("发送", "客户已收到"), ("寄送", "客户已收到"), ("提交", "客户已收到"), ("拜访", "客户接受拜访"),
    ("致电", "客户已回应"), ("打电话", "客户已回应"), ("电话联系", "客户已回应"), ("联系客户", "客户已回应"),
    ("回访", "客户已反馈"), ("跟进", "客户已反馈"), ("推销", "客户表示兴趣"), ("推介", "客户表示兴趣"),
    ("介绍", "客户表示兴趣"), ("宣讲", "客户表示兴趣"), ("演示", "客户已看过演示"), ("邀约", "客户同意见面"),
    ("约见", "客户同意见面"), ("准备", "客户已收到"), ("编写", "客户认可方案"), ("撰写", "客户认可方案"),
    ("制作", "客户认可方案"), ("制定", "客户认可方案"), ("催款", "客户已付款"), ("催收", "客户已付款"),
    ("开发客户", "客户表示兴趣"), ("寻找客户", "客户表示兴趣"),
  ]
  private static let outcomesZh = [
    "已", "确认", "同意", "认可", "接受", "收到", "签", "付款", "通过", "成交", "试用",
  ]

  private static let sellerEn: [(word: String, instead: String)] = [
    ("send", "received by the customer"), ("submit", "received by the customer"),
    ("call", "customer answered"), ("contact", "customer answered"),
    ("email", "customer answered"), ("follow", "customer answered"),
    ("chase", "customer answered"), ("visit", "customer agreed to meet"),
    ("schedule", "customer agreed to meet"), ("pitch", "customer interested"),
    ("present", "customer interested"), ("prospect", "customer interested"),
    ("introduce", "customer interested"), ("demo", "customer saw the demonstration"),
    ("demonstrate", "customer saw the demonstration"), ("show", "customer saw the demonstration"),
    ("prepare", "accepted by the customer"), ("write", "accepted by the customer"),
    ("draft", "accepted by the customer"), ("create", "accepted by the customer"),
    ("make", "accepted by the customer"), ("quote", "quote accepted"),
    ("propose", "proposal accepted"), ("negotiate", "terms agreed"), ("close", "contract signed"),
    ("invoice", "paid by the customer"),
  ]
  private static let outcomesEn: Set<String> = [
    "accepted", "agreed", "answered", "approved", "attended",
    "committed", "confirmed", "met", "paid", "received", "replied", "requested", "reviewed", "seen",
    "signed", "tested", "tried",
  ]

  /// Names that the trades have agreed on.
  private static let established: Set<String> = Set(
    Templates.all.flatMap(\.definition.stages).flatMap { [$0.name.zh, $0.name.en.lowercased()] })

  /// The seller's word in the Chinese or the English name, and what to say instead; nil where there
  /// is none.
  static func sellersDoing(_ name: LocalizedText) -> (word: String, instead: LocalizedText)? {
    let zh = established.contains(name.zh) ? nil : sellersWordZh(name.zh)
    let en = established.contains(name.en.lowercased()) ? nil : sellersWordEn(name.en)
    guard let word = zh?.word ?? en?.word else { return nil }
    return (
      word, LocalizedText(zh: zh?.instead ?? "客户已…", en: en?.instead ?? "… by the customer")
    )
  }

  private static func sellersWordZh(_ name: String) -> (word: String, instead: String)? {
    if name.hasPrefix("客户") || outcomesZh.contains(where: name.contains) { return nil }
    return sellerZh.first { name.contains($0.word) }
  }

  private static func sellersWordEn(_ name: String) -> (word: String, instead: String)? {
    let words = words(of: name)
    guard let first = words.first, outcomesEn.isDisjoint(with: words) else { return nil }
    return sellerEn.first { forms(of: $0.word).contains(first) }
  }

  /// `send`, `sends`, `sending`; `demo`, `demoing`; `write`, `writing`; `submit`, `submitting`.
  private static func forms(of verb: String) -> Set<String> {
    let stem = verb.hasSuffix("e") ? String(verb.dropLast()) : verb
    return [verb, "\(verb)s", "\(stem)ing", "\(stem)\(stem.last.map(String.init) ?? "")ing"]
  }

  static func words(of text: String) -> [String] {
    text.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }
}

extension Stage {
  /// Whether its name or key contains the name or key of a template's stage.
  func contains(_ part: Stage) -> Bool {
    if name.zh.contains(part.name.zh) { return true }
    return StageNames.words(of: name.en).contains(StageNames.words(of: part.name.en))
      || StageNames.words(of: key).contains(StageNames.words(of: part.key))
  }
}
