import Postgres
import ServiceWiring

/// Which unmatched activities are somebody's to see or to settle: those that may mean a deal in scope,
/// and perhaps those that mean none that is known here.
struct UnmatchedScope: Sendable {
  /// Nil for all of them, and then for all activities.
  private let deals: DealScope?
  private let strays: Bool

  init(readBy caller: Caller) {
    deals = caller.scope(for: .read)
    strays = caller.refusal(.readStray) == nil
  }

  init(settledBy caller: Caller) {
    deals = caller.scope(for: .edit)
    strays = caller.refusal(.settleStray) == nil
  }

  /// On `unmatched u`, with ``parameters`` from this place on.
  static func condition(at first: Int) -> String {
    """
    ($\(first)::text[] IS NULL
      OR EXISTS (SELECT FROM \(meant) WHERE \(DealScope.condition(at: first)))
      OR ($\(first + 2)::bool AND NOT EXISTS (SELECT FROM \(meant))))
    """
  }

  var parameters: [(any PostgresEncodable)?] {
    [deals?.owners.sorted(), deals?.teams.sorted(), strays]
  }

  /// The deals that it may mean, also closed ones.
  private static let meant = """
    (SELECT d.owner, d.team FROM deals d WHERE d.opportunity_id = u.opportunity_id
      UNION ALL
      SELECT d.owner, d.team FROM deals d WHERE d.external_id = u.external_id
      UNION ALL
      SELECT d.owner, d.team FROM deal_contacts c JOIN deals d USING (opportunity_id)
      WHERE c.kind = 'email' AND c.value = u.email
      UNION ALL
      SELECT d.owner, d.team FROM deal_contacts c JOIN deals d USING (opportunity_id)
      WHERE c.kind = 'phone' AND c.value = u.phone
      UNION ALL
      SELECT d.owner, d.team FROM jsonb_array_elements_text(u.candidates) AS candidate
      JOIN deals d ON d.opportunity_id = candidate::uuid) AS meant
    """
}
