/// Money for people: `CNY 1,234.50`.
enum AmountFormat {
  static func text(minor: Int64, currency: String) -> String {
    let decimals = AmountText.decimals(of: currency)
    var digits = String(minor.magnitude)
    while digits.utf8.count <= decimals { digits = "0" + digits }
    let whole = digits.dropLast(decimals)
    let fraction = digits.suffix(decimals)
    var grouped = ""
    for (index, digit) in whole.enumerated() {
      if index > 0, (whole.count - index) % 3 == 0 { grouped += "," }
      grouped.append(digit)
    }
    return "\(currency) " + (minor < 0 ? "-" : "") + grouped
      + (decimals > 0 ? "." + fraction : "")
  }
}
