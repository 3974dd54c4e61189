import Foundation

/// A mail address or telephone number in the form in which two of them are compared.
package struct ContactKey: Hashable, Sendable {
  package enum Kind: String, Sendable { case email, phone }

  package let kind: Kind
  package let value: String

  package init(kind: Kind, value: String) {
    self.kind = kind
    self.value = value
  }

  private static let longestAddress = 320
  private static let phoneDigits = 5...20

  /// Lower case, without a display name. Nil where the text is no address.
  package static func email(_ text: String) -> ContactKey? {
    var address = text[...]
    if let open = address.lastIndex(of: "<"), let close = address.lastIndex(of: ">"), open < close {
      address = address[address.index(after: open)..<close]
    }
    var value = address.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
    if value.hasPrefix("mailto:") { value.removeFirst(7) }
    let parts = value.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty,
      value.utf8.count <= longestAddress, !value.contains(where: { $0.isWhitespace || $0 == "\0" })
    else { return nil }
    return ContactKey(kind: .email, value: value)
  }

  /// A Chinese number without its country code and trunk zero, so that `+86 (0)21 5555 1234` and
  /// `021-55551234` are one; any other one that names its country with it, as `+14155550100`.
  /// An extension is dropped. Nil where the text is no number.
  package static func phone(_ text: String) -> ContactKey? {
    var digits = ""
    var isInternational = false
    for character in text {
      if let digit = decimal(character) {
        digits.append(digit)
      } else if "+＋".contains(character), digits.isEmpty {
        isInternational = true
      } else if character.isLetter || "#＃,，;；*".contains(character) {
        if digits.isEmpty { continue }
        break
      }
    }
    if !isInternational, digits.hasPrefix("00") {
      isInternational = true
      digits.removeFirst(2)
    }
    if digits.hasPrefix("86"), isInternational || digits.count >= 12 {
      digits.removeFirst(2)
      isInternational = false
    }
    if !isInternational { digits = String(digits.drop { $0 == "0" }) }
    guard phoneDigits.contains(digits.count) else { return nil }
    return ContactKey(kind: .phone, value: isInternational ? "+" + digits : digits)
  }

  /// Also full-width digits.
  private static func decimal(_ character: Character) -> Character? {
    guard let scalar = character.unicodeScalars.first, character.unicodeScalars.count == 1,
      scalar.properties.numericType == .decimal, let value = character.wholeNumberValue
    else { return nil }
    return Character("\(value)")
  }
}

extension Contact {
  /// What of it can be looked for.
  package var keys: Set<ContactKey> {
    Set([email.flatMap(ContactKey.email), phone.flatMap(ContactKey.phone)].compactMap(\.self))
  }
}
