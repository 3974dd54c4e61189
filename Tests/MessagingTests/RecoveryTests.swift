import Contracts
import Kafka
import Postgres
import Synchronization
import TestSupport
import Testing

@testable import Messaging

@Suite(.timeLimit(.minutes(4))) struct RecoveryTests {
  enum Fault: CaseIterable {
    case serialization, terminatedBackend, terminatedBeforeCommit
  }

  @Test(arguments: Fault.allCases)
  func aFaultOfTheDatabaseIsSurvived(_ fault: Fault) async throws {
    try await withBench(partitions: 1) { bench in
      let once = Once()
      let handler = EffectHandler { _, transaction in
        guard once.first() else { return }
        switch fault {
        case .serialization:
          try transaction.executeScript(
            "DO $$ BEGIN RAISE EXCEPTION 'once' USING ERRCODE = '40001'; END $$")
        case .terminatedBackend:
          _ = try transaction.query("SELECT pg_terminate_backend(pg_backend_pid())")
        case .terminatedBeforeCommit:
          // Deferred to COMMIT, whose outcome is then unknown.
          try transaction.executeScript(
            """
            CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
              'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END';
            CREATE TABLE fuse (n int);
            CREATE CONSTRAINT TRIGGER die AFTER INSERT ON fuse DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION die();
            INSERT INTO fuse VALUES (1);
            """)
        }
      }
      try await bench.produce(0..<50, partition: 0)
      try await running([bench.loop(handler)]) {
        try await eventually("all are applied") { try await bench.offset(0) == 50 }
      }
      #expect(try await bench.effects() == Array(0..<50))
      #expect(try await bench.count("outbox") == 0)
    }
  }

  enum Excess: CaseIterable {
    case statementTimeout, idleTransaction
  }

  /// What the server cuts off because there is too much of it passes in smaller pieces, and nothing
  /// becomes a dead letter.
  @Test(arguments: Excess.allCases)
  func aBatchThatIsTooMuchAtOnceIsHalved(_ excess: Excess) async throws {
    try await withBench(partitions: 1) { bench in
      let gate = Gate()
      defer { gate.open() }
      let once = Once()
      let idle = Mutex<Int32?>(nil)
      let loop = bench.loop(
        EffectHandler { batch, transaction in
          guard batch.messages.count > 1 else { return }
          switch excess {
          case .statementTimeout:
            try transaction.execute("SET LOCAL statement_timeout = '10ms'")
            _ = try transaction.query("SELECT pg_sleep(60)")
          case .idleTransaction:
            guard once.first() else { return }
            let row = try transaction.query("SELECT pg_backend_pid()")[0]
            let process: Int32 = try row.decode(0)
            idle.withLock { $0 = process }
            try transaction.execute("SET LOCAL idle_in_transaction_session_timeout = '1ms'")
            gate.pass()
          }
        }, batchSize: 20)
      try await bench.produce(0..<20, partition: 0)
      try await running([loop]) {
        if excess == .idleTransaction {
          try await eventually("the server ends the transaction") {
            guard let process = idle.withLock({ $0 }) else { return false }
            return try await bench.pool.query(
              "SELECT FROM pg_stat_activity WHERE pid = $1", process
            ).isEmpty
          }
          gate.open()
        }
        try await eventually("all are applied") { try await bench.offset(0) == 20 }
      }
      #expect(try await bench.effects() == Array(0..<20))
      #expect(try await bench.count("outbox") == 0)
    }
  }

  @Test(arguments: [
    ("22003", "message"), ("23505", "message"), ("54000", "message"), ("57014", "excess"),
    ("25P03", "excess"), ("53200", "excess"), ("40001", "environment"), ("57P01", "environment"),
  ])
  func theStateOfAnErrorSaysWhoseFaultItIs(_ state: String, _ expected: String) async throws {
    try await withTestDatabase { database in
      do {
        try await database.pool.execute(
          "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '\(state)'; END $$")
        Issue.record("no error")
      } catch {
        let blame =
          switch Blame(error) {
          case .message: "message"
          case .excess: "excess"
          case .environment: "environment"
          case .unknownOutcome: "unknown outcome"
          }
        #expect(blame == expected)
      }
    }
  }

  /// An error that is nobody's message is tried for ever; whoever asks for readiness hears of it.
  @Test func aBatchThatIsTriedForEverShowsInTheStatusUntilItIsApplied() async throws {
    struct Defect: Error {}
    try await withBench(partitions: 1) { bench in
      let isMended = Atomic(false)
      let loop = bench.loop(
        EffectHandler { _, _ in
          if !isMended.load(ordering: .relaxed) { throw Defect() }
        })
      try await bench.produce(0..<10, partition: 0)
      try await running([loop]) {
        try await eventually("the trouble is named") {
          loop.status.trouble?.contains("\(bench.source(0)) does not get on") == true
        }
        #expect(loop.status.trouble?.contains("Defect") == true)
        #expect(!loop.status.isStalled, "it is tried, not stuck")
        #expect(try await bench.offset(0) == 0)
        isMended.store(true, ordering: .relaxed)
        try await eventually("it gets on") { try await bench.offset(0) == 10 }
        try await eventually("the trouble is over") { loop.status.trouble == nil }
      }
      #expect(try await bench.effects() == Array(0..<10))
    }
  }

  @Test func shutdownFinishesTheBatchUnderWay() async throws {
    try await withBench(partitions: 1) { bench in
      let gate = Gate()
      try await bench.produce(0..<50, partition: 0)
      try await withThrowingTaskGroup(of: Void.self) { group in
        let loop = bench.loop(EffectHandler { _, _ in gate.pass() }, batchSize: 20)
        try await running([loop]) {
          try await eventually("a batch is under way") { gate.hasVisitor }
          // Opens once the loop has begun to leave, or later: nothing new may be taken up either way.
          group.addTask {
            try await Task.sleep(for: .milliseconds(300))
            gate.open()
          }
        }
        try await group.waitForAll()
      }
      let effects = try await bench.effects()
      #expect(!effects.isEmpty && effects == Array(0..<effects.count))
      #expect(try await bench.offset(0) == Int64(effects.count))
      let admin = try KafkaAdmin(bench.kafka, logger: bench.logger)
      let source = bench.source(0)
      try await eventually("Kafka has heard of it") {
        try await admin.committedOffsets(group: bench.group, of: [source])
          == [source: Int64(effects.count)]
      }
      await admin.close(within: .seconds(1))
    }
  }

  @Test func twoLoopsShareTheWorkAndOneTakesOver() async throws {
    try await withBench(partitions: 4) { bench in
      let seen = Mutex<Set<String>>([])
      func loop(_ name: String) -> ConsumerLoop {
        bench.loop(EffectHandler { _, _ in seen.withLock { _ = $0.insert(name) } }, batchSize: 20)
      }
      var written = 0
      func more(_ count: Int) async throws {
        try await bench.produce(written..<written + count, partitions: 4)
        written += count
      }
      try await running([loop("stays")]) {
        try await more(400)
        try await running([loop("leaves")]) {
          try await eventually("both work") {
            try await more(40)
            return seen.withLock { $0.count } == 2
          }
        }
        try await more(400)
        try await eventually(within: .seconds(90), "all are applied") {
          try await bench.count("effects") >= Int64(written)
        }
      }
      #expect(try await bench.effects() == Array(0..<written))
    }
  }

  @Test func aSlowHandlerPausesItsPartitionAlsoThroughARebalance() async throws {
    try await withBench { bench in
      let gate = Gate()
      // A failure must not leave the handler behind the gate.
      defer { gate.open() }
      let stop = StopFlag()
      let session = bench.session(EffectHandler { _, _ in gate.pass() }, stop: stop)
      try await bench.produce(0..<2_000)
      let run = Task { try await session.run() }
      try await eventually(within: .seconds(60), "both partitions are paused") {
        session.partitions.withLock { $0.values.count { $0.isPaused } } == 2
      }
      session.partitions.withLock { states in
        for state in states.values { #expect(state.buffer.count < 50 + 2 * 10) }
      }
      #expect(try await bench.count("effects") == 0)

      try await running([bench.loop(EffectHandler())]) {
        try await eventually(within: .seconds(60), "the group rebalances") {
          session.partitions.withLock { $0.values.allSatisfy(\.buffer.isEmpty) }
        }
        gate.open()
        try await eventually(within: .seconds(60), "all are applied") {
          try await bench.count("effects") >= 2_000
        }
      }
      try await bench.produce(2_000..<2_200)
      try await eventually(within: .seconds(60), "the partitions that came back go on") {
        try await bench.count("effects") >= 2_200
      }
      stop.set()
      try await run.value
      #expect(try await bench.effects() == Array(0..<2_200))
    }
  }

  @Test func aBatchThatOutlivesItsAssignmentIsNotAppliedTwice() async throws {
    try await withBench(partitions: 1) { bench in
      let source = bench.source(0)
      let stored = StoredOffset(nextOffset: 0, lastEventID: nil)
      let box = SessionBox()
      // While the first batch is under way the partition is revoked and comes back.
      let once = Once()
      let session = bench.session(
        EffectHandler { _, _ in
          guard once.first() else { return }
          box.session?.partitions.withLock {
            $0[source] = PartitionState(topic: .stageChanges, assignment: 2, stored: stored)
            $0[source]?.isInFlight = true
          }
        })
      box.session = session
      let store = OffsetStore(clusterID: "cluster", group: bench.group)
      _ = try await store.load([source], startingAt: [:], from: bench.pool)
      var state = PartitionState(topic: .stageChanges, assignment: 1, stored: stored)
      state.isInFlight = true
      session.partitions.withLock { $0[source] = state }
      let messages = (0..<10).map {
        ConsumedMessage(
          offset: $0, timestamp: nil,
          wire: WireMessage(key: nil, value: Array("\($0)".utf8), headers: []))
      }
      try await BatchRunner(session: session, store: store, partition: source, assignment: 1)
        .run(messages)
      #expect(try await bench.offset(0) == 10)
      #expect(session.partitions.withLock { $0[source]?.nextOffset } == 0)
      await #expect(throws: FenceLost.self) {
        try await BatchRunner(session: session, store: store, partition: source, assignment: 2)
          .run(messages)
      }
      #expect(try await bench.effects() == Array(0..<10))
    }
  }

  private final class SessionBox: Sendable {
    private let held = Mutex<ConsumerSession?>(nil)

    var session: ConsumerSession? {
      get { held.withLock { $0 } }
      set { held.withLock { $0 = newValue } }
    }
  }
}
