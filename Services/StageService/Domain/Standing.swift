import Contracts
import ServiceWiring

/// What the directory says of whoever acts on a deal.
struct Standing: Hashable, Sendable {
  var roles: Set<String> = []
  /// Everybody above the deal's owner, at any level.
  var ownerManagers: [String] = []

  /// The actor's roles, and who stands above the deal's owner.
  typealias Lookup = @Sendable (_ people: Directory, _ actor: String, _ owner: String?) -> Standing

  static let byDirectory: Lookup = { people, actor, owner in
    Standing(
      roles: people.roles(of: actor), ownerManagers: owner.map { people.above($0).sorted() } ?? [])
  }
}
