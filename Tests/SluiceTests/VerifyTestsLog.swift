import Contracts
import Testing

@testable import Sluice

@Suite struct VerifyLogTests {
  private let items = Story.everything.items

  private func record(_ event: StageEvent, at offset: Int) throws -> LogRecord {
    LogRecord(
      partition: 0, offset: Int64(offset), wire: try event.wireMessage(source: "/stage-service"))
  }

  /// Audits a log of these events against the whole story.
  private func audit(
    _ events: [StageEvent], feed: FeedIndex? = nil, published: Int? = nil,
    unpublished: Set<EntityID> = [], trimmed: Set<Int32> = [], epoch: Int64 = 1
  ) throws -> LogAudit {
    let feed = feed ?? FeedIndex(items)
    var audit = LogAudit()
    for (offset, event) in events.enumerated() {
      audit.add(try record(event, at: offset), feed: feed)
    }
    audit.finish(
      feed: feed,
      expecting: .init(
        published: published ?? feed.events.count, unpublished: unpublished,
        completeAfter: audit.completeAfter(trimmed: trimmed, feed: feed), epoch: epoch))
    return audit
  }

  private var events: [StageEvent] { items.map(\.event) }

  @Test func aWholeLogIsEqual() throws {
    let audit = try audit(events)
    #expect(audit.differences.isEmpty)
    #expect(audit.mismatches.isEmpty)
    #expect(audit.heldEvents == items.count)
  }

  @Test func repeatedRunsAreLegal() throws {
    let audit = try audit(events + events[3...] + events)
    #expect(audit.differences.isEmpty)
    #expect(audit.count.duplicates == items.count * 2 - 3)
  }

  @Test func aLogWhoseBeginningWasDeletedIsLegal() throws {
    #expect(try audit(Array(events[4...]), trimmed: [0]).differences.isEmpty)
    // The resent run reaches back behind what is left.
    #expect(
      try audit(Array([events[4]] + events[1...]), trimmed: [0]).differences.isEmpty)
  }

  @Test func aMissingEventIsFound() throws {
    var log = events
    log.remove(at: 2)
    let difference = try #require(try audit(log).differences.kept.first)
    #expect((difference.check, difference.kind) == (.log, .missing))
    #expect(difference.place.contains(items[2].eventId.description))
  }

  @Test func aMissingTailIsFoundUnlessTheOutboxHoldsIt() throws {
    let log = Array(events.dropLast())
    #expect(try audit(log).differences.kept.map(\.kind) == [.missing])
    #expect(try audit(log, unpublished: [items.last!.eventId]).differences.isEmpty)
    #expect(try audit(log, published: items.count - 1).differences.isEmpty)
  }

  @Test func aDealOfWhichTheLogHoldsNothingIsFound() throws {
    let second = Story.opportunity(2)
    let log = events.filter { $0.opportunityId != second }
    #expect(try audit(log).differences.kept.map(\.kind) == [.missing, .missing])
    #expect(try audit(log, trimmed: [0]).differences.isEmpty)
  }

  @Test func anUnknownEventIsFound() throws {
    let known = FeedIndex(Array(items.dropLast()))
    let difference = try #require(try audit(events, feed: known).differences.kept.first)
    #expect((difference.kind, difference.recomputed) == (.unexpected, "not in the feed"))
  }

  @Test func whatARestoredDatabaseHasLostIsRemarked() throws {
    let known = FeedIndex(Array(items.dropLast()))
    let audit = try audit(events, feed: known, epoch: 2)
    #expect(audit.differences.isEmpty)
    #expect(audit.remarks == ["the log holds 1 events that a restored database has lost"])
    #expect(audit.isSettled(epoch: 2) && !audit.isSettled(epoch: 1))
  }

  @Test func anEventThatTheFeedShowsLaterIsKnownThen() throws {
    var feed = FeedIndex(Array(items.dropLast()))
    var audit = LogAudit()
    for (offset, event) in events.enumerated() {
      audit.add(try record(event, at: offset), feed: feed)
    }
    #expect(audit.pending.count == 1)
    feed.append([items.last!], after: nil)
    audit.settle(feed: feed)
    audit.finish(
      feed: feed,
      expecting: .init(
        published: items.count, unpublished: [], completeAfter: nil, epoch: 1))
    #expect(audit.differences.isEmpty)
  }

  @Test func changedDataAreFoundAndShownSideBySide() throws {
    var log = events
    log[1].data.owner = "eve"
    let audit = try audit(log)
    let mismatch = try #require(audit.mismatches.first)
    let difference = try EventComparison.difference(
      log: mismatch.event, feed: items[1], at: mismatch.record)
    #expect((difference.live, difference.recomputed) == (#"owner "eve""#, #"owner "ann""#))
    #expect(difference.place.hasPrefix("partition 0 offset 1"))
  }

  @Test func anotherKeyIsFound() throws {
    let feed = FeedIndex(items)
    var audit = LogAudit()
    var record = try record(events[0], at: 0)
    record.wire.key = Array("other".utf8)
    audit.add(record, feed: feed)
    #expect(audit.differences.kept.first?.live == "key other")
  }

  @Test func anEventAfterItsSuccessorIsFound() throws {
    var log = events
    log.swapAt(1, 2)
    #expect(try audit(log).differences.kept.map(\.kind) == [.outOfOrder])
  }

  @Test func whatIsNoEventIsRemarkedAndSkipped() throws {
    let feed = FeedIndex(items)
    var audit = LogAudit()
    let key = Array("a".utf8)
    let messages = [
      WireMessage(key: key, value: nil, headers: []),
      WireMessage(key: key, value: Array("poison".utf8), headers: []),
      CloudEvent(id: "1", source: "/x", type: "sluice.other-done.v1").binary(
        key: "a", data: Array("{}".utf8)),
    ]
    for (offset, wire) in messages.enumerated() {
      audit.add(LogRecord(partition: 3, offset: Int64(offset), wire: wire), feed: feed)
    }
    #expect(audit.count == .init(messages: 3, duplicates: 0, tombstones: 1, skipped: 2))
    #expect(audit.remarks.count == 2)
    #expect(audit.remarks[1] == "partition 3 offset 2: unknown type sluice.other-done.v1")
  }

  /// Kafka's log keeps events as they were sent.
  @Test func whatWasErasedSinceIsNoDifference() throws {
    var story = Story()
    story.create(1, at: Story.noon(1))
    story.update(1, at: Story.noon(2), name: "Kitchen of Zhou")
    story.note(1, at: Story.noon(3))
    let sent = story.items.map(\.event)
    let erased = ErasedData(fields: [], names: true)
    story.erase(1, erased, at: Story.noon(4))
    var rewritten = story.items
    for index in sent.indices { rewritten[index].data = rewritten[index].data.erasing(erased) }
    let feed = FeedIndex(rewritten)
    let log = sent + [story.items[3].event]
    #expect(try audit(log, feed: feed).mismatches.isEmpty)
    // It excuses nothing else.
    var other = log
    other[1].data.owner = "eve"
    #expect(try audit(other, feed: feed).mismatches.count == 1)
    let row = OpportunityReplay(feed.history(0), symbols: feed.symbols).current
    #expect(row?.name == ErasedData.mark && row?.account == ErasedData.mark)
  }
}
