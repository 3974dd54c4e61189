import Contracts
import Foundation
import Statistics

extension BeforeAfter {
  /// What is compared, and how its numbers are written in a sentence.
  enum Subject {
    case conversion, cycle
    case amount(String)
  }
}

extension BeforeAfter.Comparison {
  init(_ subject: BeforeAfter.Subject, _ result: Result<Difference, Lack>) {
    guard let difference = result.value else {
      let lack = result.lack ?? .noData
      self.init(
        verdict: "cannot-tell", reason: Reason(lack), sentence: subject.sentence(without: lack))
      return
    }
    self.init(
      before: difference.before, after: difference.after, difference: difference.change,
      low: difference.low, high: difference.high, verdict: difference.verdict.word,
      sentence: subject.sentence(difference))
  }
}

extension Verdict {
  /// As it is written in answers.
  var word: String {
    switch self {
    case .higher: "higher"
    case .lower: "lower"
    case .cannotTell: "cannot-tell"
    }
  }
}

extension BeforeAfter.Subject {
  private var name: LocalizedText {
    switch self {
    case .conversion: LocalizedText(zh: "转化率", en: "conversion")
    case .cycle: LocalizedText(zh: "赢单周期", en: "the cycle of won deals")
    case .amount(let currency):
      LocalizedText(zh: "赢单金额（\(currency)）", en: "the amount won in \(currency)")
    }
  }

  fileprivate func sentence(without lack: Lack) -> LocalizedText {
    LocalizedText(
      zh: "无法判断\(name.zh)是否变化：\(lack.message.zh)。",
      en: "The data can't tell whether \(name.en) changed: \(lack.message.en).")
  }

  fileprivate func sentence(_ difference: Difference) -> LocalizedText {
    let before = value(difference.before)
    let after = value(difference.after)
    let change = self.change(difference.change)
    let low = difference.low.map { self.change($0).zh } ?? "−∞"
    let high = difference.high.map { self.change($0).zh } ?? "+∞"
    let lowEn = difference.low.map { self.change($0).en } ?? "−∞"
    let highEn = difference.high.map { self.change($0).en } ?? "+∞"
    let numbers = LocalizedText(
      zh: "由 \(before.zh) 变为 \(after.zh)（\(change.zh)，95% 区间 \(low) 至 \(high)）",
      en: "from \(before.en) to \(after.en) (\(change.en), 95% interval \(lowEn) to \(highEn))")
    switch difference.verdict {
    case .higher:
      return LocalizedText(
        zh: "\(name.zh)上升：\(numbers.zh)。", en: "\(name.en.sentenceCase) rose \(numbers.en).")
    case .lower:
      return LocalizedText(
        zh: "\(name.zh)下降：\(numbers.zh)。", en: "\(name.en.sentenceCase) fell \(numbers.en).")
    case .cannotTell:
      return LocalizedText(
        zh: "无法判断\(name.zh)是否变化：\(numbers.zh)，区间包含 0，可能只是偶然。",
        en:
          "The data can't tell whether \(name.en) changed: it went \(numbers.en), and the interval "
          + "holds 0, so that it may be chance.")
    }
  }

  private func value(_ number: Double) -> LocalizedText {
    switch self {
    case .conversion:
      let text = "\(Self.decimals(number * 100))%"
      return LocalizedText(zh: text, en: text)
    case .cycle:
      return LocalizedText(
        zh: "\(Self.decimals(number)) 天", en: "\(Self.decimals(number)) days")
    case .amount:
      let text = Self.whole(number)
      return LocalizedText(zh: "\(text)（最小货币单位）", en: "\(text) minor units")
    }
  }

  private func change(_ number: Double) -> LocalizedText {
    let sign = number > 0 ? "+" : number < 0 ? "−" : ""
    switch self {
    case .conversion:
      let text = sign + Self.decimals(abs(number) * 100)
      return LocalizedText(zh: "\(text) 个百分点", en: "\(text) points")
    case .cycle:
      let text = sign + Self.decimals(abs(number))
      return LocalizedText(zh: "\(text) 天", en: "\(text) days")
    case .amount:
      let text = sign + Self.whole(abs(number))
      return LocalizedText(zh: text, en: text)
    }
  }

  /// One decimal.
  private static func decimals(_ number: Double) -> String { "\((number * 10).rounded() / 10)" }

  private static func whole(_ number: Double) -> String {
    Decimal(number.rounded()).description
  }
}

extension String {
  fileprivate var sentenceCase: String { prefix(1).uppercased() + dropFirst() }
}
