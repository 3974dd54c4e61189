/// What the directory of people says of whoever acts on a deal.
struct Standing: Hashable, Sendable {
  var roles: Set<String> = []
  /// Everybody above the deal's owner, at any level.
  var ownerManagers: [String] = []

  /// The actor's roles, and who stands above the deal's owner.
  typealias Lookup = @Sendable (_ actor: String, _ owner: String?) -> Standing

  /// A directory that knows nobody.
  static let nobody: Lookup = { _, _ in Standing() }
}
