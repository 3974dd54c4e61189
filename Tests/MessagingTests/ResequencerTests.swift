import Contracts
import Logging
import Messaging
import Postgres
import TestSupport
import Testing

@Suite struct ResequencerTests {
  private static func event(_ opportunity: Int, _ sequence: Int64, epoch: Int64 = 1) -> StageEvent {
    func id(_ tag: Int64) -> EntityID {
      EntityID.v7(at: Instant(milliseconds: tag), entropy: (0, UInt64(opportunity)))
    }
    let time = Instant(microseconds: sequence)
    return StageEvent(
      id: id(epoch * 1_000_000 + sequence), type: .changed,
      data: StageEventData(
        opportunityId: id(0), epoch: epoch, sequence: sequence, pipeline: "p", pipelineVersion: 1,
        actor: "a", occurredAt: time, recordedAt: time))
  }

  /// A reader with the tables of one: where it stands and what is parked.
  private struct Reader {
    var last: [EntityID: EventPosition] = [:]
    var parked: [EntityID: StageEvent] = [:]
    var applied: [StageEvent] = []
    var received = 0
    var duplicates = 0

    mutating func take(_ batch: [StageEvent]) {
      let ids = Set(batch.map(\.opportunityId))
      let plan = Resequencer.plan(
        last: last.filter { ids.contains($0.key) }, incoming: batch,
        parked: parked.values.filter { ids.contains($0.opportunityId) })
      for event in plan.apply { last[event.opportunityId] = EventPosition(event) }
      for event in plan.unparked { #expect(parked.removeValue(forKey: event.id) != nil) }
      for event in plan.park { #expect(parked.updateValue(event, forKey: event.id) == nil) }
      applied += plan.apply
      duplicates += plan.duplicates
      received += batch.count
    }
  }

  @Test(arguments: 0..<300)
  func anyOrderWithLossesAndRepetitionsIsAppliedInOrder(_ seed: UInt64) {
    var random = SplitMix(seed)
    let opportunities = 1...Int.random(in: 1...4, using: &random)
    let all = opportunities.flatMap { opportunity in
      (1...Int64.random(in: 1...25, using: &random)).map { Self.event(opportunity, $0) }
    }
    var lost: [StageEvent] = []
    var sent: [StageEvent] = []
    for event in all {
      switch Int.random(in: 0..<6, using: &random) {
      case 0: lost.append(event)
      case 1: sent += [event, event]
      default: sent.append(event)
      }
    }
    var reader = Reader()
    func deliver(_ events: [StageEvent]) {
      var rest = events.shuffled(using: &random)[...]
      while !rest.isEmpty {
        let count = min(rest.count, Int.random(in: 1...9, using: &random))
        reader.take(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
        // In order and without a gap, whatever has come so far.
        for opportunity in Set(reader.applied.map(\.opportunityId)) {
          let sequences = reader.applied.filter { $0.opportunityId == opportunity }.map(\.sequence)
          #expect(sequences == Array(1...Int64(sequences.count)))
        }
        #expect(reader.received == reader.applied.count + reader.duplicates + reader.parked.count)
      }
    }
    deliver(sent)
    deliver(lost)
    #expect(reader.applied.count == all.count)
    #expect(reader.parked.isEmpty)
    #expect(reader.duplicates == sent.count + lost.count - all.count)
  }

  @Test func aHigherEpochGoesOnAtAnySequence() {
    var reader = Reader()
    reader.take((1...5).map { Self.event(1, $0) })
    reader.take([Self.event(1, 4, epoch: 2), Self.event(1, 6), Self.event(1, 5, epoch: 2)])
    #expect(reader.applied.map(\.sequence) == [1, 2, 3, 4, 5, 4, 5])
    #expect(reader.duplicates == 1 && reader.parked.isEmpty)
    #expect(reader.last.values.first == EventPosition(epoch: 2, sequence: 5))
  }

  @Test func whatIsParkedTwiceIsParkedOnce() {
    let plan = Resequencer.plan(
      last: [:], incoming: [Self.event(1, 3), Self.event(1, 3)], parked: [])
    #expect(plan.park == [Self.event(1, 3)] && plan.duplicates == 1)
    let again = Resequencer.plan(
      last: [:], incoming: [Self.event(1, 3)], parked: [Self.event(1, 3)])
    #expect(again.park.isEmpty && again.duplicates == 1)
  }

  @Test func parkedEventsSurviveInTheDatabase() async throws {
    try await withTestDatabase { database in
      try await Migrator.migrate(
        database.pool, schema: database.schema, sets: [MessagingMigrations.set],
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
      let events = [Self.event(1, 2), Self.event(1, 3), Self.event(2, 9)]
      try await database.pool.transaction { transaction in
        try ParkedEvents.park(events.reversed(), in: transaction)
        try ParkedEvents.park(events, in: transaction)
        try ParkedEvents.park([], in: transaction)
      }
      let loaded = try await database.pool.transaction { transaction in
        try ParkedEvents.load(for: events.map(\.opportunityId), in: transaction)
      }
      #expect(loaded == events)
      let left = try await database.pool.transaction { transaction in
        try ParkedEvents.remove([events[0], events[2]], in: transaction)
        try ParkedEvents.remove([], in: transaction)
        return try ParkedEvents.load(for: events.map(\.opportunityId), in: transaction)
      }
      #expect(left == [events[1]])
    }
  }

  @Test func instantsAndIdentitiesComeBackFromPostgres() async throws {
    try await withTestDatabase { database in
      for text in ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999999Z", "9999-12-31T23:59:59Z"] {
        let instant = try #require(Instant(text))
        let id = EntityID.v7(at: instant, entropy: (1, 2))
        let row = try await database.pool.query(
          "SELECT $1::timestamptz, $2::uuid, ($3::uuid[])[1]", instant, id, [id])[0]
        #expect(try row.decode(0, as: Instant.self) == instant)
        #expect(try row.decode(1, as: EntityID.self) == id)
        #expect(try row.decode(2, as: EntityID.self) == id)
      }
    }
  }
}

/// SplitMix64: random numbers that are the same in every run.
private struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}
