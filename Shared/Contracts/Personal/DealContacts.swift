import Foundation

/// The people of a deal, as its custom fields tell of them.
package enum DealContacts {
  /// Of one field; the rest is a mistake rather than a list of people.
  package static let limit = 100
  private static let depth = 4
  private static let mailNames = ["mail", "邮箱", "邮件"]
  private static let phoneNames = ["phone", "mobile", "tel", "电话", "手机"]

  /// A field whose name speaks of mail or telephone holds what its texts say; an object, or every
  /// object of an array, what its members with such names say.
  package static func keys(field: String, value: JSONValue) -> Set<ContactKey> {
    var keys: Set<ContactKey> = []
    collect(field, value, depth: depth, into: &keys)
    return keys
  }

  private static func collect(
    _ name: String, _ value: JSONValue, depth: Int, into keys: inout Set<ContactKey>
  ) {
    guard depth > 0, keys.count < limit else { return }
    switch value {
    case .null, .boolean, .number: break
    case .integer(let number): read(name, "\(number)", into: &keys)
    case .string(let text): read(name, text, into: &keys)
    case .array(let items):
      for item in items { collect(name, item, depth: depth - 1, into: &keys) }
    case .object(let members):
      for (name, value) in members.sorted(by: { $0.key < $1.key }) {
        collect(name, value, depth: depth - 1, into: &keys)
      }
    }
  }

  /// One text may list several: `a@example.com; b@example.com`.
  private static func read(_ name: String, _ text: String, into keys: inout Set<ContactKey>) {
    let name = name.lowercased()
    let isMail = mailNames.contains { name.contains($0) }
    let isPhone = phoneNames.contains { name.contains($0) }
    guard isMail || isPhone else { return }
    for part in text.split(whereSeparator: { ",，;；、/|\n".contains($0) }).map(String.init) {
      if isMail, let key = ContactKey.email(part) { keys.insert(key) }
      if isPhone, let key = ContactKey.phone(part) { keys.insert(key) }
    }
  }
}
