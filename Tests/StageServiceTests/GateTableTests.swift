import Contracts
import HTTPTypes
import Messaging
import Postgres
import ServiceKit
import ServiceWiring
import Testing

@testable import StageService

/// The table of gate cases by every way that a move can come.
@Suite struct GateTableTests {
  private func id(_ index: Int) -> EntityID { GateCase.id(index) }

  @Test func overHTTP() async throws {
    try await withAPI(standing: Person.standing) { api in
      try await prepare(api.pool)
      for (index, gateCase) in GateCase.all.enumerated() {
        let token = try api.token(gateCase.mover)
        let path = "/v1/opportunities/\(id(index))/moves"
        if gateCase.isKnownBeforehand {
          let possible = try await api.send(.get, path, token: token)
          let item = possible["items"].items.first { $0["to"] == .string(gateCase.to) }
          #expect(item?["open"] == .boolean(gateCase.codes.isEmpty), "\(gateCase)")
          #expect(item?["missing"].items.compactMap { $0["code"].text } == gateCase.codes)
        }
        let answer = try await api.send(
          .post, path, bytes: try JSONCoding.encode(gateCase.move), token: token)
        #expect(answer.codes == gateCase.codes, "\(gateCase)")
        #expect(answer.status == (gateCase.codes.isEmpty ? 200 : 422), "\(gateCase)")
      }
    }
  }

  @Test func inBulk() async throws {
    try await withAPI(standing: Person.standing) { api in
      try await prepare(api.pool)
      for person in Person.allCases {
        let cases = GateCase.all.enumerated().filter { $0.element.mover == person }
        let items = try cases.map { index, gateCase -> JSONValue in
          guard
            case .object(var members) = try JSONCoding.decode(
              JSONValue.self, from: try JSONCoding.encode(gateCase.move))
          else { return .null }
          members["id"] = .string(id(index).description)
          return .object(members)
        }
        let body: JSONValue = ["operation": "move", "items": .array(items)]
        let answer = try await api.send(
          .post, "/v1/opportunities:bulk", bytes: try JSONCoding.encode(body),
          token: try api.token(person))
        try #require(answer.status == 200, "\(answer.body)")
        let results = answer["items"].items
        try #require(results.count == cases.count)
        for (result, gateCase) in zip(results, cases.map(\.element)) {
          #expect(
            result["errors"].items.compactMap { $0["code"].text } == gateCase.codes, "\(gateCase)")
          #expect(result["outcome"] == (gateCase.codes.isEmpty ? "accepted" : "refused"))
        }
      }
    }
  }

  @Test(arguments: [Way.command, .automation, .historical])
  func overKafka(_ way: Way) async throws {
    try await withStageTables { pool in
      try await prepare(pool)
      let handler = CommandHandler(
        catalog: PipelineCatalog(pool: pool), directory: DirectoryCache(pool: pool),
        recorder: Recorder(epoch: 1), standing: Person.standing)
      let wires = try GateCase.all.enumerated().map { index, gateCase in
        var move = gateCase.move
        if way == .automation { move.evidence = GateCase.evidence }
        return try StageCommand(
          id: Fixture.id(UInt64(20_000 + index)), opportunityId: id(index),
          actor: way == .automation ? nil : gateCase.mover.rawValue, action: .move(move)
        ).wireMessage(source: "test")
      }
      let batch = ConsumedBatch(
        topic: way == .historical ? .importCommands : .stageCommands, partition: 0,
        messages: wires.enumerated().map {
          ConsumedMessage(offset: Int64($0.offset), timestamp: nil, wire: $0.element)
        })
      let outcome = try await pool.transaction {
        try handler.handle(batch, in: $0, now: Instant.now())
      }
      let results = try outcome.outbox.filter { $0.topic == .commandResults }.map {
        try JSONCoding.decode(CommandResult.self, from: $0.wire.value ?? [])
      }
      try #require(results.count == GateCase.all.count)
      for (result, gateCase) in zip(results, GateCase.all) {
        let expected = way == .automation ? gateCase.codesForRule : gateCase.codes
        #expect(result.errors.map(\.code) == expected, "\(gateCase)")
        let isAccepted = way == .historical || expected.isEmpty
        #expect(result.outcome == (isAccepted ? .accepted : .refused), "\(gateCase)")
      }
    }
  }

  enum Way { case command, automation, historical }

  /// The pipeline, and every case's deal.
  private func prepare(_ pool: PostgresPool) async throws {
    let now = Instant.now()
    let pipeline = PublishedPipeline(
      key: GateCase.pipeline, version: 1, definition: GateCase.definition, publishedAt: now,
      publishedBy: "test")
    _ = try await PipelineCatalog(pool: pool).publish(
      pipeline, announcing: try Recorder(epoch: 1).message(pipeline, trace: nil))
    let stories = try GateCase.all.enumerated().map {
      try Story(id($0.offset), of: $0.element, until: now)
    }
    let states = stories.compactMap(\.deal)
    let events = stories.flatMap(\.events)
    let data = try events.map { PostgresJSON(try JSONCoding.encode($0.data)) }
    try await pool.transaction {
      try OpportunityBatch.write(states: states, events: events, data: data, in: $0)
    }
  }
}

extension GateCase {
  /// Nothing comes with the move that the gate would have to see, and it is a move.
  fileprivate var isKnownBeforehand: Bool { with.isEmpty && to != "lost" && to != stage }
}

extension API {
  func token(_ person: Person) throws -> String {
    try issuer.token(
      subject: person.rawValue, roles: [try #require(Role(rawValue: person.role))],
      expiresIn: .seconds(600))
  }
}
