import Contracts
import Logging
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import TestSupport
import Testing

@testable import ActivityIngest

/// The tables of the service and its handlers, without a broker: what would be published is what a
/// batch returns or has put into the outbox.
struct Bench: Sendable {
  let pool: PostgresPool
  let settlement: Settlement

  /// Of the rules of these tests; their words stand nowhere else.
  static let rules = [
    rule("auto-quagga", "quagga", mode: .auto, to: .stage("negotiation"), from: "proposal"),
    rule("auto-numbat", "numbat", mode: .auto, to: .stage("contract"), from: "negotiation"),
    rule("review-wombat", "wombat", mode: .review, to: .stage("contract")),
    rule("hint-hamster", "hamster", mode: .hint, to: .stage("negotiation")),
    rule(
      "weak-ferret", "ferret", mode: .auto, to: .stage("contract"), confidence: 0.5),
  ]

  static let now = History.start.adding(days: 2)

  /// Sees and does everything.
  static let admin = Caller(subject: "chen.admin", roles: [.admin], in: Directory())

  static func rule(
    _ key: String, _ keyword: String, mode: Rule.Mode, to: Rule.Destination, from: String? = nil,
    confidence: Double = 0.95
  ) -> Rule {
    Rule(
      key: key, name: LocalizedText(zh: key, en: key), intent: key, keywords: [keyword],
      mode: mode,
      transitions: [
        Rule.Transition(from: from.map { [$0] }, to: to, fields: ["by": .string(key)])
      ],
      confidence: confidence)
  }

  /// Handles a batch as the consumer loop does: in one transaction.
  @discardableResult
  func handle(
    _ topic: Topic, _ messages: [WireMessage], at now: Instant = Bench.now,
    received: Instant? = nil
  ) async throws -> BatchOutcome {
    let batch = ConsumedBatch(
      topic: topic, partition: 0,
      messages: messages.enumerated().map {
        ConsumedMessage(offset: Int64($0.offset), timestamp: received, wire: $0.element)
      })
    let handler = try #require(
      activityIngestHandlers(settlement).first { $0.topics.contains(topic) })
    return try await pool.transaction { transaction in
      let before = try transaction.query("SELECT coalesce(max(id), 0) FROM outbox")[0]
      var outcome = try handler.handle(batch, in: transaction, now: now)
      let rows = try transaction.query(
        """
        WITH written AS (
          DELETE FROM outbox WHERE id > $1 RETURNING id, topic, message_key, value, headers)
        SELECT topic, message_key, value, headers FROM written ORDER BY id
        """, try before.decode(0, as: Int64.self))
      outcome.outbox = try rows.map { try OutboxMessage($0) } + outcome.outbox
      return outcome
    }
  }

  @discardableResult
  func observe(
    _ activities: ObservedActivity..., received: Instant? = nil
  ) async throws -> BatchOutcome {
    try await handle(
      .activities, try activities.map { try $0.wireMessage(source: $0.source) },
      received: received)
  }

  @discardableResult
  func apply(_ events: [StageEvent]) async throws -> BatchOutcome {
    try await handle(.stageChanges, try events.map { try $0.wireMessage(source: "test") })
  }

  @discardableResult
  func publish(_ pipelines: PublishedPipeline...) async throws -> BatchOutcome {
    try await handle(.pipelines, try pipelines.map { try $0.wireMessage(source: "test") })
  }

  @discardableResult
  func hear(_ results: CommandResult...) async throws -> BatchOutcome {
    try await handle(.commandResults, try results.map { try $0.wireMessage(source: "test") })
  }

  /// What is shown of the only proposal.
  func proposal() async throws -> Proposal {
    let rows = try await proposals()
    #expect(rows.count == 1)
    return try #require(rows.first)
  }

  func proposals() async throws -> [Proposal] {
    try await proposalStore.list(.init()).map(\.proposal)
  }

  var proposalStore: ProposalStore {
    ProposalStore(pool: pool, committed: WakeSignal(), pipelines: settlement.pipelines)
  }

  func unmatched() async throws -> [UnmatchedStore.Row] {
    try await UnmatchedStore(pool: pool, settlement: settlement, committed: WakeSignal())
      .list(in: UnmatchedScope(readBy: Bench.admin), after: 0, limit: 100)
  }

  func standing(_ activity: ObservedActivity) async throws -> ActivityStore.Standing {
    try #require(
      try await ActivityStore(pool: pool, committed: WakeSignal()).standing(
        of: DerivedID.activity(source: activity.source, id: activity.id), for: Bench.admin))
  }

  /// Every row of every table as text, to compare two states.
  func snapshot() async throws -> [String] {
    var rows: [String] = []
    for table in [
      "deals", "deal_contacts", "activities", "unmatched", "proposals", "parked_events", "outbox",
    ] {
      rows += try await pool.query(
        "SELECT '\(table) ' || row::text FROM \(table) AS row ORDER BY 1"
      ).map { try $0.decode(0, as: String.self) }
    }
    return rows
  }
}

/// The service's tables in a schema of their own, with the rules of these tests.
///
/// - Parameter readyMade: whether the ready-made rules are enabled beside them.
func withBench<Result: Sendable>(
  readyMade: Bool = false, _ body: @Sendable (Bench) async throws -> Result
) async throws -> Result {
  try await withTestDatabase { database in
    try await Migrator.migrate(
      database.pool, schema: database.schema,
      sets: [MessagingMigrations.set, DirectoryMigrations.mirror, ActivityIngestMigrations.set],
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let store = RuleStore(pool: database.pool)
    let bench = Bench(
      pool: database.pool, settlement: Settlement(rules: store, pipelines: PipelineVersions()))
    let replaced = readyMade ? [] : Rule.readyMade.map(\.disabled)
    for rule in Bench.rules + replaced {
      _ = try await bench.settlement.rules.save(rule, by: "test", at: History.start)
    }
    return try await body(bench)
  }
}

extension OutboxMessage {
  /// - Parameter row: topic, message_key, value, headers.
  fileprivate init(_ row: PostgresRow) throws {
    let topic: String = try row.decode(0)
    self.init(
      topic: try #require(Topic.all.first { $0.name == topic }),
      wire: WireMessage(
        key: try row.optional(1), value: try row.optional(2),
        headers: HeaderCoding.decode(try row.decode(3)) ?? []))
  }
}

extension BatchOutcome {
  /// The commands that it publishes, in order.
  var commands: [StageCommand] {
    get throws {
      try outbox.filter { $0.topic == .stageCommands }.map {
        guard case .payload(let command, _) = try StageCommand.read($0.wire) else {
          throw MessageFailure(.invalidData, "not a command")
        }
        return command
      }
    }
  }

  var notices: [Notice] {
    get throws {
      try outbox.filter { $0.topic == .notices }.map {
        guard case .payload(let notice, _) = try Notice.read($0.wire) else {
          throw MessageFailure(.invalidData, "not a notice")
        }
        return notice
      }
    }
  }
}

extension StageCommand {
  /// What stage-service answers.
  func accepted(sequence: Int64 = 2, event: EntityID? = nil) -> CommandResult {
    CommandResult(
      commandId: id, opportunityId: opportunityId, outcome: .accepted, sequence: sequence,
      eventId: event ?? DerivedID.make("event", id.description))
  }

  func refused(_ code: String) -> CommandResult {
    CommandResult(
      commandId: id, opportunityId: opportunityId, outcome: .refused, sequence: 1,
      errors: [
        GateFailure(
          code: code, pointer: "/to", message: LocalizedText(zh: "不行", en: "not so"))
      ])
  }

  var move: Move? { if case .move(let move) = action { move } else { nil } }
  var activity: ActivityRecord? {
    if case .recordActivity(let record) = action { record } else { nil }
  }
  var reversal: Reversal? { if case .revert(let reversal) = action { reversal } else { nil } }
}

extension Rule {
  /// Under the same key, a rule that finds nothing.
  fileprivate var disabled: Rule {
    var rule = self
    rule.enabled = false
    rule.keywords = ["unused"]
    return rule
  }
}
