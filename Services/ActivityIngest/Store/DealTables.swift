import Contracts
import Messaging
import Postgres

/// The statements on `deals` and `deal_contacts`: each takes a whole batch as arrays.
enum DealTables {
  static let columns = """
    d.opportunity_id, d.epoch, d.sequence, d.external_id, d.pipeline, d.pipeline_version, d.stage,
    d.category, d.owner, d.team, d.name, d.created_at, d.merged_into
    """

  /// Locked in the order of their identities.
  static func lock(
    _ ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: Deal] {
    try byID(
      transaction.query(
        """
        SELECT \(columns) FROM deals d WHERE opportunity_id = ANY($1::uuid[])
        ORDER BY opportunity_id FOR UPDATE
        """, ids))
  }

  static func find(
    _ ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: Deal] {
    guard !ids.isEmpty else { return [:] }
    return try byID(
      transaction.query(
        "SELECT \(columns) FROM deals d WHERE opportunity_id = ANY($1::uuid[])", ids))
  }

  private static func byID(_ rows: PostgresRows) throws -> [EntityID: Deal] {
    var deals: [EntityID: Deal] = [:]
    for row in rows {
      let deal = try Deal(row)
      deals[deal.id] = deal
    }
    return deals
  }

  static func upsert(_ deals: [Deal], in transaction: borrowing PostgresTransaction) throws {
    try transaction.execute(
      """
      INSERT INTO deals AS old (opportunity_id, epoch, sequence, external_id, pipeline,
        pipeline_version, stage, category, owner, team, name, created_at, merged_into)
      SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],
        $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::text[],
        $12::timestamptz[], $13::uuid[])
      ON CONFLICT (opportunity_id) DO UPDATE SET
        epoch = excluded.epoch, sequence = excluded.sequence, pipeline = excluded.pipeline,
        pipeline_version = excluded.pipeline_version, stage = excluded.stage,
        category = excluded.category, owner = excluded.owner, team = excluded.team,
        name = excluded.name, merged_into = excluded.merged_into
      WHERE (old.epoch, old.sequence) < (excluded.epoch, excluded.sequence)
      """,
      deals.map(\.id), deals.map(\.epoch), deals.map(\.sequence), deals.map(\.externalID),
      deals.map(\.pipeline), deals.map { Int32($0.pipelineVersion) }, deals.map(\.stage),
      deals.map(\.category.rawValue), deals.map(\.owner), deals.map(\.team), deals.map(\.name),
      deals.map(\.createdAt), deals.map(\.mergedInto))
  }

  /// A field that changed tells of these contacts from now on, and of no others.
  static func replaceContacts(
    _ contacts: [DealFold.Field: Set<ContactKey>], in transaction: borrowing PostgresTransaction
  ) throws {
    guard !contacts.isEmpty else { return }
    try transaction.execute(
      """
      DELETE FROM deal_contacts c USING unnest($1::uuid[], $2::text[]) AS changed (deal, name)
      WHERE c.opportunity_id = changed.deal AND c.field = changed.name
      """, contacts.keys.map(\.deal), contacts.keys.map(\.name))
    let rows = contacts.flatMap { field, keys in keys.map { (field, $0) } }
    guard !rows.isEmpty else { return }
    try transaction.execute(
      """
      INSERT INTO deal_contacts (opportunity_id, field, kind, value)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
      """, rows.map(\.0.deal), rows.map(\.0.name), rows.map(\.1.kind.rawValue),
      rows.map(\.1.value))
  }
}

extension DealTables {
  /// As many as a person can choose from.
  private static let candidateLimit = 20

  /// The deals that these activities may mean.
  static func known(
    to activities: [Activity], in transaction: borrowing PostgresTransaction
  ) throws -> KnownDeals {
    var ids: Set<EntityID> = []
    var externalIDs: Set<String> = []
    var contacts: Set<ContactKey> = []
    for activity in activities {
      switch activity.reference {
      case .opportunity(let id): ids.insert(id)
      case .externalID(let id): externalIDs.insert(id)
      case .contact(let keys): contacts.formUnion(keys)
      case .none: break
      }
    }
    var known = KnownDeals()
    known.byID = try found(Array(ids), in: transaction)
    if !externalIDs.isEmpty {
      let rows = try transaction.query(
        "SELECT \(columns) FROM deals d WHERE external_id = ANY($1::text[])", Array(externalIDs))
      let deals = try rows.map { try Deal($0) }
      for (deal, survivor) in zip(deals, try survivors(of: deals, in: transaction)) {
        guard let survivor else { continue }
        known.byExternalID[deal.externalID ?? "", default: []].append(survivor)
      }
    }
    try look(for: Array(contacts), into: &known, in: transaction)
    return known
  }

  private static func look(
    for contacts: [ContactKey], into known: inout KnownDeals,
    in transaction: borrowing PostgresTransaction
  ) throws {
    guard !contacts.isEmpty else { return }
    let rows = try transaction.query(
      """
      SELECT \(columns), wanted.ordinal FROM
        unnest($1::text[], $2::text[]) WITH ORDINALITY AS wanted (kind, value, ordinal)
      CROSS JOIN LATERAL (
        SELECT DISTINCT deals.* FROM deal_contacts c JOIN deals USING (opportunity_id)
        WHERE c.kind = wanted.kind AND c.value = wanted.value
          AND (deals.category = 'open' OR deals.merged_into IS NOT NULL)
        ORDER BY deals.created_at, deals.opportunity_id LIMIT \(candidateLimit)) AS d
      """, contacts.map(\.kind.rawValue), contacts.map(\.value))
    let deals = try rows.map { try Deal($0) }
    for (row, deal) in zip(rows, try survivors(of: deals, in: transaction)) {
      guard let deal, deal.isOpen else { continue }
      let ordinal: Int = try row.decode(13)
      known.byContact[contacts[ordinal - 1], default: []].append(deal)
    }
  }
}

extension DealTables {
  /// By the identity that was asked for; in the place of a duplicate, the deal that it became part of.
  static func found(
    _ ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID: Deal] {
    let deals = Array(try find(ids, in: transaction).values)
    let survivors = try survivors(of: deals, in: transaction)
    return Dictionary(uniqueKeysWithValues: zip(deals.map(\.id), survivors))
      .compactMapValues(\.self)
  }

  /// In the place of each duplicate the deal that it became part of, over any number of merges, as old
  /// as the older of them; nil while that one is not known here.
  static func survivors(
    of deals: [Deal], in transaction: borrowing PostgresTransaction
  ) throws -> [Deal?] {
    var current: [Deal?] = deals
    while true {
      let wanted = Set(current.compactMap { $0?.mergedInto }).sorted()
      if wanted.isEmpty { return current }
      let next = try find(wanted, in: transaction)
      current = current.map { deal in
        guard let deal, let into = deal.mergedInto else { return deal }
        var survivor = next[into]
        survivor?.createdAt = min(deal.createdAt, next[into]?.createdAt ?? deal.createdAt)
        return survivor
      }
    }
  }

  /// The duplicates that became part of one of these deals.
  static func duplicates(
    of ids: [EntityID], in transaction: borrowing PostgresTransaction
  ) throws -> [EntityID] {
    guard !ids.isEmpty else { return [] }
    return try transaction.query(
      "SELECT opportunity_id FROM deals WHERE merged_into = ANY($1::uuid[])", ids
    ).map { try $0.decode(0) }
  }
}

extension Deal {
  /// - Parameter first: where ``DealTables/columns`` begin.
  init(_ row: PostgresRow, from first: Int = 0) throws {
    let category: String = try row.decode(first + 7)
    self.init(
      id: try row.decode(first), epoch: try row.decode(first + 1),
      sequence: try row.decode(first + 2), externalID: try row.optional(first + 3),
      pipeline: try row.decode(first + 4), pipelineVersion: try row.decode(first + 5),
      stage: try row.decode(first + 6), category: StageCategory(rawValue: category) ?? .open,
      owner: try row.optional(first + 8), team: try row.optional(first + 9),
      name: try row.optional(first + 10), createdAt: try row.decode(first + 11),
      mergedInto: try row.optional(first + 12))
  }
}
