import Contracts
import Messaging
import Postgres

/// How a deal stands in its row. The list of columns is written once; reading, the single write and
/// the batch write all follow it.
enum OpportunityColumns {
  static let names = [
    "id", "epoch", "sequence", "pipeline", "pipeline_version", "stage", "category", "closed_from",
    "name", "account", "owner", "team", "amount_minor", "currency", "expected_close",
    "external_id", "fields", "next_step", "entered_stage_at", "entry_unknown", "follow_up_due_at",
    "created_at", "updated_at", "deal_state", "merged_into",
  ]

  private static let types = [
    "uuid", "bigint", "bigint", "text", "integer", "text", "text", "text", "text", "jsonb", "text",
    "text", "bigint", "text", "text", "text", "jsonb", "jsonb", "timestamptz", "boolean",
    "timestamptz", "timestamptz", "timestamptz", "jsonb", "uuid",
  ]

  static let list = names.joined(separator: ", ")

  /// `$1::uuid, $2::bigint, …`
  static let parameters = zip(1..., types).map { "$\($0)::\($1)" }.joined(separator: ", ")

  /// `unnest($1::uuid[]), unnest($2::bigint[]), …`, side by side in the list of a SELECT.
  static let arrays = zip(1..., types).map { "unnest($\($0)::\($1)[])" }.joined(separator: ", ")

  static let count = names.count

  /// `epoch = <source>.epoch, …` for every column but the id.
  static func assignments(from source: String) -> String {
    names.dropFirst().map { "\($0) = \(source).\($0)" }.joined(separator: ", ")
  }

  static func values(_ deal: Opportunity) throws -> [(any PostgresEncodable)?] {
    [
      deal.id, deal.epoch, deal.sequence, deal.pipeline, Int32(deal.pipelineVersion), deal.stage,
      deal.category.rawValue, deal.closedFrom, deal.name, try json(deal.account), deal.owner,
      deal.team, deal.amount?.minor, deal.amount?.currency, deal.expectedClose, deal.externalId,
      try json(deal.fields), try deal.nextStep.map(json), deal.enteredStageAt, deal.entryUnknown,
      deal.followUpDueAt, deal.createdAt, deal.updatedAt, try state(deal.state), deal.mergedInto,
    ]
  }

  /// The same values column by column, for `arrays`.
  static func columns(_ deals: [Opportunity]) throws -> [(any PostgresEncodable)?] {
    [
      deals.map(\.id), deals.map(\.epoch), deals.map(\.sequence), deals.map(\.pipeline),
      deals.map { Int32($0.pipelineVersion) }, deals.map(\.stage), deals.map(\.category.rawValue),
      deals.map(\.closedFrom), deals.map(\.name), try deals.map { try json($0.account) },
      deals.map(\.owner), deals.map(\.team), deals.map { $0.amount?.minor },
      deals.map { $0.amount?.currency }, deals.map(\.expectedClose), deals.map(\.externalId),
      try deals.map { try json($0.fields) }, try deals.map { try $0.nextStep.map(json) },
      deals.map(\.enteredStageAt), deals.map(\.entryUnknown), deals.map(\.followUpDueAt),
      deals.map(\.createdAt), deals.map(\.updatedAt), try deals.map { try state($0.state) },
      deals.map(\.mergedInto),
    ]
  }

  /// Reads a row whose columns stand in the order of `list`, from `offset` on.
  static func read(_ row: PostgresRow, at offset: Int = 0) throws -> Opportunity {
    let category = try row.decode(offset + 6, as: String.self)
    var amount: Money?
    if let minor = try row.optional(offset + 12, as: Int64.self),
      let currency = try row.optional(offset + 13, as: String.self)
    {
      amount = Money(minor: minor, currency: currency)
    }
    var deal = Opportunity(
      id: try row.decode(offset, as: EntityID.self),
      epoch: try row.decode(offset + 1, as: Int64.self),
      sequence: try row.decode(offset + 2, as: Int64.self),
      pipeline: try row.decode(offset + 3, as: String.self),
      pipelineVersion: Int(try row.decode(offset + 4, as: Int32.self)),
      stage: try row.decode(offset + 5, as: String.self),
      category: StageCategory(rawValue: category) ?? .open,
      closedFrom: try row.optional(offset + 7, as: String.self),
      name: try row.decode(offset + 8, as: String.self),
      account: try decode(row, offset + 9, Account.self) ?? Account(name: ""),
      owner: try row.optional(offset + 10, as: String.self),
      team: try row.optional(offset + 11, as: String.self),
      amount: amount,
      expectedClose: try row.optional(offset + 14, as: String.self),
      externalId: try row.optional(offset + 15, as: String.self),
      fields: try decode(row, offset + 16, [String: JSONValue].self) ?? [:],
      nextStep: try decode(row, offset + 17, NextStep.self),
      enteredStageAt: try row.decode(offset + 18, as: Instant.self),
      entryUnknown: try row.decode(offset + 19, as: Bool.self),
      followUpDueAt: try row.optional(offset + 20, as: Instant.self),
      createdAt: try row.decode(offset + 21, as: Instant.self),
      updatedAt: try row.decode(offset + 22, as: Instant.self),
      state: try state(row, offset + 23))
    deal.mergedInto = try row.optional(offset + 24, as: EntityID.self)
    return deal
  }

  /// Most deals have none, and then nothing is encoded or decoded.
  private static func state(_ state: DealState) throws -> PostgresJSON {
    state == DealState() ? noState : try json(state)
  }

  private static func state(_ row: PostgresRow, _ index: Int) throws -> DealState {
    let stored = try row.decode(index, as: PostgresJSON.self)
    return stored.bytes == noState.bytes
      ? DealState() : try JSONCoding.decode(DealState.self, from: stored.bytes)
  }

  private static let noState = PostgresJSON(Array("{}".utf8))

  private static func json(_ value: some Encodable) throws -> PostgresJSON {
    PostgresJSON(try JSONCoding.encode(value))
  }

  private static func decode<T: Decodable>(
    _ row: PostgresRow, _ index: Int, _ type: T.Type
  ) throws -> T? {
    try row.optional(index, as: PostgresJSON.self).map {
      try JSONCoding.decode(type, from: $0.bytes)
    }
  }
}
