/// Looking for a part of a name.
enum NameSearch {
  /// How many names are looked at one by one before the index is asked.
  static let near = 5_000
  /// The same of deals that are looked at together with their names.
  static let nearDeals = 1_250
  /// Up to so many names that the index finds are looked at.
  static let few = 5_000

  /// What the index of the names can say; the names that it finds must still be looked at.
  static func mayContain(_ text: String) -> String {
    "name_grams(words) @> wanted_grams(lower(\(text)))"
  }

  static func contains(_ text: String) -> String { "position(lower(\(text)) IN words) > 0" }
}
