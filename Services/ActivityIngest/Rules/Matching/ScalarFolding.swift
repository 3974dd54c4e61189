/// What the matcher makes of one Unicode scalar: case, width and the common traditional characters
/// are folded away, punctuation is sorted by how much it separates.
enum ScalarFolding {
  enum Kind: UInt8 {
    /// Part of a word in a script that puts blanks between words.
    case letter
    case ideograph
    /// Separates words and nothing else: blanks, quotation marks, brackets, symbols.
    case separator
    /// As if it were not there: joiners, combining marks.
    case ignorable
    case comma, dot, strongBreak, questionMark, newline, apostrophe
  }

  static func fold(_ scalar: Unicode.Scalar) -> (kind: Kind, symbol: UInt32) {
    let value = scalar.value
    guard value < 0x10000 else { return (classify(scalar), value) }
    return (kinds[Int(value)], UInt32(symbols[Int(value)]))
  }

  private static let kinds: [Kind] = (0..<0x10000).map { value in
    Unicode.Scalar(UInt32(value)).map { classify(unified($0)) } ?? .separator
  }

  private static let symbols: [UInt16] = {
    var symbols = (0..<0x10000).map { value in
      Unicode.Scalar(UInt32(value)).map { UInt16(folded(unified($0)).value) } ?? 0
    }
    for (traditional, simplified) in zip(
      traditionalForms.unicodeScalars, simplifiedForms.unicodeScalars)
    {
      symbols[Int(traditional.value)] = UInt16(simplified.value)
    }
    return symbols
  }()

  /// Full-width forms of ASCII become ASCII.
  private static func unified(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    (0xff01...0xff5e).contains(scalar.value)
      ? Unicode.Scalar(scalar.value - 0xfee0) ?? scalar : scalar
  }

  private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    guard lower.count == 1, let first = lower.first, first.value < 0x10000 else { return scalar }
    return first
  }

  private static func classify(_ scalar: Unicode.Scalar) -> Kind {
    switch scalar.value {
    case 0x0a, 0x0b, 0x0c, 0x0d, 0x85, 0x2028, 0x2029: return .newline
    case 0x2e: return .dot
    case 0x2c, 0xff0c, 0x2026, 0x2014, 0x2013, 0xfe50: return .comma
    case 0x3f, 0x203d: return .questionMark
    case 0x21, 0x3b, 0x3002, 0xff61: return .strongBreak
    case 0x27, 0x2019, 0x2bc: return .apostrophe
    case 0x3040...0x30ff, 0x3400...0x9fff, 0xf900...0xfaff, 0x20000...0x3ffff, 0x3005, 0x3007:
      return .ideograph
    case 0xad, 0x200b...0x200f, 0x2060...0x2064, 0xfe00...0xfe0f, 0xfeff, 0xe0100...0xe01ef:
      return .ignorable
    default: break
    }
    let properties = scalar.properties
    switch properties.generalCategory {
    case .nonspacingMark, .enclosingMark: return .ignorable
    case .decimalNumber, .letterNumber, .spacingMark: return .letter
    default: return properties.isAlphabetic ? .letter : .separator
    }
  }

  /// The characters that the ready-made phrases and the cues are made of.
  private static let traditionalForms =
    "報價確認簽約訂單問題沒過這們見異議雙蓋傳還無誤發後時個嗎會說將準劃備實開進領導總給讓請煩項計畫審覽閱幾麼誰為對來復結決選擇採購預應該據執寫貴關於書樣檢"
  private static let simplifiedForms =
    "报价确认签约订单问题没过这们见异议双盖传还无误发后时个吗会说将准划备实开进领导总给让请烦项计划审览阅几么谁为对来复结决选择采购预应该据执写贵关于书样检"
}
