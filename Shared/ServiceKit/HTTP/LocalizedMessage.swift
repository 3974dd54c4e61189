/// A sentence for people, in Chinese and in English.
package struct LocalizedMessage: Codable, Sendable, Hashable {
  package var zh: String
  package var en: String

  package init(zh: String, en: String) {
    self.zh = zh
    self.en = en
  }
}
