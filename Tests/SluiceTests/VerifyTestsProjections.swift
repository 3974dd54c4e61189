import Contracts
import Postgres
import TestSupport
import Testing

@testable import Sluice

/// The comparison with real tables: each kind of damage is found, and nothing else.
@Suite struct VerifyProjectionTests {
  private let feed = FeedIndex(Story.everything)

  private func check(
    feed: FeedIndex? = nil, later: FeedIndex? = nil, written: FeedIndex? = nil,
    after damage: String...
  ) async throws -> DifferenceLog {
    let feed = feed ?? self.feed
    let written = written ?? self.feed
    return try await withTestDatabase { database in
      try await Projections.createTables(in: database.pool)
      try await Projections.write(written, into: database.pool)
      for statement in damage { try await database.pool.execute(statement) }
      let snapshot = try await ProjectionSnapshot.take(from: database.pool, feed: feed)
      return snapshot.judge(
        by: later ?? feed, heads: feed.heads(), known: feed.events.count
      ).differences
    }
  }

  private func kinds(_ log: DifferenceLog) -> [String] {
    log.kept.map { "\($0.check.rawValue) \($0.kind.rawValue)" }
  }

  @Test func equalTablesHaveNoDifferences() async throws {
    #expect(try await check().kept == [])
  }

  @Test func aReversalThatWasNotCarriedOutIsFound() async throws {
    let reverted = FeedIndex(Story.reverted)
    #expect(try await check(feed: reverted, written: reverted).isEmpty)
    let log = try await check(
      feed: reverted, written: reverted,
      after: """
        INSERT INTO visits (opportunity_id, entered_sequence, pipeline, stage, category)
        VALUES ('\(Story.opportunity(1))', 2, 'general', 'talk', 'open')
        """, "UPDATE applied_events SET reverted_sequence = NULL")
    #expect(kinds(log) == ["applied_events different", "visits unexpected"])
    #expect(log.kept.first?.live == "reverted_sequence null")
    #expect(log.kept.first?.recomputed == "reverted_sequence 2")
  }

  @Test func aLostEventIsFound() async throws {
    let log = try await check(
      after: "DELETE FROM applied_events WHERE opportunity_id = '\(Story.opportunity(2))'")
    #expect(kinds(log) == ["applied_events missing", "applied_events missing"])
  }

  @Test func aChangedValueIsShownOnBothSides() async throws {
    let log = try await check(
      after: "UPDATE applied_events SET owner = 'eve' WHERE sequence = 2 AND owner = 'ann'")
    #expect(kinds(log) == ["applied_events different"])
    #expect(log.kept.first?.live == "owner eve")
    #expect(log.kept.first?.recomputed == "owner ann")
    #expect(log.kept.first?.place.contains("epoch 1 sequence 2") == true)
  }

  @Test func aWrongCurrentStageIsFound() async throws {
    let log = try await check(
      after: "UPDATE current_stage SET entered_at = NULL WHERE stage = 'talk'")
    #expect(kinds(log) == ["current_stage different"])
    #expect(log.kept.first?.live == "entered_at null")
  }

  @Test func aMissingCurrentStageIsFound() async throws {
    let log = try await check(after: "DELETE FROM current_stage WHERE stage = 'talk'")
    #expect(kinds(log) == ["current_stage missing"])
  }

  @Test func wrongVisitsAreFound() async throws {
    let log = try await check(
      after: "UPDATE visits SET left_at = left_at + interval '1 microsecond' WHERE stage = 'lost'",
      """
      INSERT INTO visits (opportunity_id, entered_sequence, pipeline, stage, category)
      VALUES ('\(Story.opportunity(1))', 99, 'general', 'offer', 'open')
      """)
    #expect(kinds(log) == ["visits different", "visits unexpected"])
  }

  @Test func wrongTotalsAreFound() async throws {
    let log = try await check(
      after:
        "UPDATE stage_totals SET advanced = advanced + 1 WHERE owner = '' AND advanced = 1",
      "DELETE FROM stage_totals WHERE stage = 'won'",
      "UPDATE stage_totals SET amount_minor = amount_minor + 1 WHERE currency = 'CNY'",
      "UPDATE stage_totals SET owner = 'eve' WHERE reopened = 1")
    #expect(
      kinds(log).sorted() == [
        "stage_totals different", "stage_totals different", "stage_totals missing",
        "stage_totals missing", "stage_totals unexpected",
      ])
  }

  @Test func wrongDaysLengthsOwnersAndTraitsAreFound() async throws {
    let log = try await check(
      after: "UPDATE daily_changes SET deals = deals + 1 WHERE to_stage = '' AND stage = 'talk'",
      "DELETE FROM daily_changes WHERE to_stage = 'lost'",
      "UPDATE dwell_totals SET bucket = 99900 WHERE ending = 'lost'", "DELETE FROM deal_owners",
      """
      INSERT INTO deal_traits (opportunity_id, product)
      VALUES ('\(Story.opportunity(1))', 'licence')
      """)
    #expect(
      Set(kinds(log)) == [
        "daily_changes different", "daily_changes missing", "dwell_totals missing",
        "dwell_totals unexpected", "deal_owners missing", "deal_traits unexpected",
      ])
    let length = log.kept.first { $0.check == .dwellTotals && $0.kind == .unexpected }
    #expect(length?.place.contains("lost after 999.0 days") == true)
  }

  @Test func wrongNotesAreFound() async throws {
    var story = Story.everything
    story.note(
      1, ["expectedClose": "2026-02-01", "checklist.talk.map": .object([:])], at: Story.noon(10))
    story.note(1, ["feedback.talk": .object(["score": 4]), "name": "other"], at: Story.noon(11))
    let feed = FeedIndex(story)
    #expect(try await check(feed: feed, written: feed).isEmpty)
    let log = try await check(
      feed: feed, written: feed,
      after: "UPDATE noted_changes SET day = day + 1 WHERE kind = 'expected-close'",
      "UPDATE noted_changes SET score = 5 WHERE kind = 'feedback'",
      "DELETE FROM noted_changes WHERE kind = 'checklist'")
    #expect(
      kinds(log).sorted() == [
        "noted_changes different", "noted_changes different", "noted_changes missing",
      ])
  }

  @Test func wrongFollowUpsAreFound() async throws {
    let log = try await check(
      after: "DELETE FROM follow_up_changes WHERE currency = ''",
      "UPDATE follow_up_changes SET forgotten = forgotten + 1 WHERE open = 1",
      "UPDATE applied_events SET follow_up_due_at = NULL WHERE sequence = 1 AND owner = 'ann'")
    #expect(
      Set(kinds(log)) == [
        "applied_events different", "follow_up_changes missing", "follow_up_changes different",
      ])
  }

  @Test func totalsOfZeroNeedNoRow() async throws {
    let log = try await check(
      after: """
        INSERT INTO stage_totals (pipeline, stage, owner, team, currency, shard, deals, amount_minor,
          entered, advanced, back, lost, reopened, ended_known, dwell_seconds)
        VALUES ('general', 'lead', 'nobody', '', 'CNY', 3, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        """)
    #expect(log.isEmpty)
  }

  @Test func anOpportunityThatTheFeedDoesNotKnowIsFound() async throws {
    let stranger = Story.opportunity(9)
    let log = try await check(
      after: """
        INSERT INTO current_stage (opportunity_id, epoch, sequence, pipeline, pipeline_version,
          stage, category, position, entered_sequence, occurred_at)
        VALUES ('\(stranger)', 1, 1, 'general', 1, 'lead', 'open', 0, 1, now())
        """)
    #expect(kinds(log) == ["current_stage unexpected"])
    #expect(log.kept.first?.place == "opportunity \(stranger)")
  }

  @Test func eventsThatTheFeedShowedAfterTheSnapshotAreSettled() async throws {
    let early = FeedIndex(Array(Story.everything.items.dropLast(2)))
    #expect(try await check(feed: early, later: feed).isEmpty)
  }

  @Test func projectionsThatStayBehindAreFound() async throws {
    var story = Story.everything
    story.move(1, to: "offer", at: Story.noon(10))
    let log = try await check(feed: FeedIndex(story))
    #expect(kinds(log) == ["freshness behind"])
    #expect(log.kept.first?.live == "epoch 1 sequence 7")
    #expect(log.kept.first?.recomputed == "epoch 1 sequence 8")
  }

  @Test func aFeedWithAHoleIsWaitedFor() async throws {
    // The second event was written by a transaction that overlapped and is not shown yet.
    let items = Story.everything.items
    let early = FeedIndex(Array(items[..<1] + items[2...]))
    #expect(try await check(feed: early, later: feed).isEmpty)
  }

  @Test func parkedEventsAreListed() async throws {
    let event = Story.everything.items[5]
    let log = try await check(
      after: """
        INSERT INTO parked_events (opportunity_id, epoch, sequence, event_id, type, data)
        VALUES ('\(event.data.opportunityId)', 1, 5, '\(event.eventId)', '\(event.type.rawValue)', '{}')
        """)
    #expect(kinds(log) == ["parked_events unexpected"])
  }
}
