import Contracts
import Messaging
import Postgres

extension Subscription {
  /// In the order in which `init(_:)` reads them.
  static let columns = """
    id, url, description, types, filter, status, disabled_reason, created_by, created_at, updated_at,
    active_since, failing_since, not_before, previous_secret_until, bound_to
    """

  /// The condition of everything that the API does with subscriptions.
  static let isThere = "status <> 'deleted'"

  init(_ row: PostgresRow) throws {
    let status = try row.decode(5, as: String.self)
    self.init(
      id: try row.decode(0), url: try row.decode(1), description: try row.optional(2),
      types: try row.decode(3),
      filter: try JSONCoding.decode(
        EventFilter.self, from: try row.decode(4, as: PostgresJSON.self).bytes),
      status: Status(rawValue: status) ?? .disabled, disabledReason: try row.optional(6),
      createdBy: try row.decode(7), boundTo: try row.optional(14), createdAt: try row.decode(8),
      updatedAt: try row.decode(9),
      activeSince: try row.decode(10), failingSince: try row.optional(11),
      notBefore: try row.optional(12), previousSecretUntil: try row.optional(13))
  }
}
