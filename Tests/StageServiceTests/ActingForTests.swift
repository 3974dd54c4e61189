import Contracts
import Messaging
import Postgres
import ServiceWiring
import TestSupport
import Testing

@testable import StageService

/// Commands over Kafka in somebody's name. The organisation is that of ``Staff``, and he.yan's entry
/// names the role that a row gives it.
@Suite struct ActingForTests {
  private static let call = StageCommand.Action.recordActivity(
    ActivityRecord(source: "/s", id: "1", kind: "call", at: Staff.at))
  private static let move = StageCommand.Action.move(.init(to: "after"))
  private static let outside = "outside-scope"

  private struct Row: Sendable {
    var actor: String?
    var owner: String?
    var team: String?
    var action: StageCommand.Action
    var code: String?
    /// Of the actor, in the directory.
    var roles: [String] = []

    init(
      _ actor: String?, _ action: StageCommand.Action, of owner: String?, _ team: String? = nil,
      _ code: String? = nil, roles: [String] = []
    ) {
      self.actor = actor
      self.owner = owner
      self.team = team
      self.action = action
      self.code = code
      self.roles = roles
    }
  }

  private static let rows: [Row] = [
    Row("li.na", move, of: "li.na"),
    Row("li.na", .revert(.init()), of: "li.na", nil, "nothing-to-revert"),
    Row("li.na", move, of: "wang.li", nil, outside),
    Row("li.na", call, of: "wang.li", nil, outside),
    Row("li.na", move, of: "he.yan", nil, "not-found"),
    Row("li.na", move, of: nil, "west", "not-found"),
    Row("wang.li", move, of: "li.na"), Row("wang.li", move, of: "chen.hao"),
    Row("wang.li", call, of: "gu.wen"), Row("wang.li", move, of: "ghost", "east-1"),
    Row("wang.li", move, of: "he.yan", nil, "not-found"), Row("zhou.ting", move, of: "he.yan"),
    // Without an entry, and for a service, the policy is not asked.
    Row("ghost", move, of: "he.yan"), Row(nil, move, of: "he.yan"),
    Row("service:crm", move, of: "he.yan"),
    // What the entry says.
    Row("he.yan", move, of: "li.na", nil, nil, roles: ["admin", "legal"]),
    Row("he.yan", move, of: "he.yan", nil, "role-required", roles: ["viewer"]),
    Row("zhou.ting", move, of: "he.yan", nil, "not-found", roles: ["rep"]),
    Row("he.yan", move, of: "li.na", nil, "not-found", roles: ["legal"]),
    // A deal that is made must be one's own or below.
    Row("li.na", .create(new("li.na")), of: nil),
    Row("li.na", .create(new("he.yan")), of: nil, nil, outside),
    Row("wang.li", .create(new("chen.hao")), of: nil),
    // Nobody overrides without the role.
    Row(
      "li.na", .move(.init(to: "after", override: .init(reason: "r"))), of: "li.na", nil,
      "override-not-allowed"),
    Row(
      "he.yan", .move(.init(to: "after", override: .init(reason: "r"))), of: "li.na",
      roles: ["admin"]),
  ]

  private static func new(_ owner: String) -> NewOpportunity {
    NewOpportunity(pipeline: "p", name: "n", account: Account(name: "a"), owner: owner)
  }

  private static let definition = PipelineDefinition(
    name: LocalizedText(zh: "流程", en: "Pipeline"),
    stages: ["review", "after", "law"].map {
      Stage(
        key: $0, name: LocalizedText(zh: $0, en: $0), category: .open,
        decider: $0 == "law" ? .person("he.yan") : nil)
    })

  private static func directory(_ row: Row) -> Directory {
    var directory = Staff.directory
    if let actor = row.actor, !row.roles.isEmpty, var entry = directory.people[actor] {
      entry.roles = row.roles
      directory.set(entry)
    }
    return directory
  }

  /// Puts the pipeline, the people and a deal there, and hands one command over.
  private func code(
    _ row: Row, in stage: String = "review", on topic: Topic = .stageCommands, _ pool: PostgresPool,
    leaving: String? = nil
  ) async throws -> CommandResult {
    var directory = Self.directory(row)
    if let leaving, var entry = directory.people[leaving] {
      entry.active = false
      directory.set(entry)
    }
    let people = directory
    let id = EntityID.make(at: .now())
    var new = Self.new("x")
    (new.owner, new.team, new.stage) = (row.owner, row.team, stage)
    let made = try Fixture.decider(mode: .historical, definition: Self.definition).decide(
      StageCommand(id: id, opportunityId: id, action: .create(new)), on: nil
    ).get()
    let deal = try #require(Opportunity(made))
    let isNew = if case .create = row.action { true } else { false }
    let wire = try StageCommand(
      id: .make(at: .now()), opportunityId: isNew ? .make(at: .now()) : id, actor: row.actor,
      action: row.action
    ).wireMessage(source: "test")
    let handler = CommandHandler(
      catalog: PipelineCatalog(pool: pool), directory: DirectoryCache(pool: pool, goodFor: .zero),
      recorder: Recorder(epoch: 1))
    let outcome = try await pool.transaction { transaction in
      try transaction.execute("DELETE FROM directory_entries")
      for person in people.people.values { try Self.put(person, in: transaction) }
      for team in people.teams.values { try Self.put(team, in: transaction) }
      try transaction.execute("UPDATE directory_revision SET revision = revision + 1")
      try OpportunityBatch.write(
        states: [deal], events: [made], data: [PostgresJSON(try JSONCoding.encode(made.data))],
        in: transaction)
      return try handler.handle(
        ConsumedBatch(
          topic: topic, partition: 0,
          messages: [ConsumedMessage(offset: 0, timestamp: nil, wire: wire)]), in: transaction,
        now: .now())
    }
    let result = try #require(outcome.outbox.first { $0.topic == .commandResults })
    return try JSONCoding.decode(CommandResult.self, from: result.wire.value ?? [])
  }

  private static func put(
    _ entry: some DirectoryPayload, in transaction: borrowing PostgresTransaction
  ) throws {
    try transaction.execute(
      "INSERT INTO directory_entries (kind, id, version, entry) VALUES ($1, $2, 1, $3)",
      type(of: entry).kind, entry.id, PostgresJSON(try JSONCoding.encode(entry)))
  }

  private func withPipeline(_ body: @Sendable (PostgresPool) async throws -> Void) async throws {
    try await withStageTables { pool in
      let pipeline = PublishedPipeline(
        key: "p", version: 1, definition: Self.definition, publishedAt: Staff.at,
        publishedBy: "test")
      _ = try await PipelineCatalog(pool: pool).publish(
        pipeline, announcing: try Recorder(epoch: 1).message(pipeline, trace: nil))
      try await body(pool)
    }
  }

  @Test func whomACommandNamesMayAsFarAsOverHTTP() async throws {
    try await withPipeline { pool in
      for row in Self.rows {
        let result = try await code(row, pool)
        let text = "\(row.actor ?? "nobody") of \(row.owner ?? "-") \(row.team ?? "-")"
        #expect(result.errors.map(\.code) == [row.code].compactMap(\.self), "\(text)")
        #expect((result.outcome == .accepted) == (row.code == nil), "\(text)")
      }
    }
  }

  @Test func theDeciderOfAStageMovesTheDealOutOfIt() async throws {
    try await withPipeline { pool in
      let moved = try await code(
        Row("he.yan", Self.move, of: "li.na"), in: "law", pool)
      #expect(moved.outcome == .accepted)
      let noted = try await code(
        Row("he.yan", Self.call, of: "li.na"), in: "law", pool)
      #expect(noted.errors.map(\.code) == [Self.outside])
    }
  }

  @Test func whoHasLeftDoesNothing() async throws {
    try await withPipeline { pool in
      let result = try await code(Row("li.na", Self.move, of: "li.na"), pool, leaving: "li.na")
      #expect(result.errors.map(\.code) == ["person-inactive"])
    }
  }

  @Test func anImportIsNotAsked() async throws {
    try await withPipeline { pool in
      let result = try await code(
        Row("li.na", Self.move, of: "he.yan"), on: .importCommands, pool)
      #expect(result.outcome == .accepted && result.errors.isEmpty)
    }
  }
}
