import Contracts
import Kafka
import Logging
import Messaging
import Postgres

/// The whole of `sluice verify`: recomputes everything from the feed and compares.
///
/// The order matters. What the feed held at the start must have arrived everywhere once the waiting
/// is over; what arrives later is read from the feed after the tables and the log, so that neither
/// can know an event that the feed, as it was read, does not.
struct Verification: Sendable {
  var reader: FeedReader
  /// With forecasting's schema as its search path.
  let forecasting: PostgresPool
  /// With stage-service's schema as its search path.
  let stageService: PostgresPool
  let log: LogReader
  let funnel: @Sendable (_ pipeline: String) async throws -> FunnelAnswer?
  /// How long the projections may take to catch up.
  let wait: Duration
  var progress = VerifyProgress(isVisible: false)

  func run() async throws -> VerifyReport {
    var reader = reader
    var feed = FeedIndex()
    var report = VerifyReport()
    try await reader.readOn(into: &feed) { progress.show("Reading events", $0) }
    let known = feed.events.count
    let heads = feed.heads()

    let epoch = try await epoch()
    let catchUp = CatchUp(deadline: .now + wait)
    let unpublished = try await catchUp.outbox(of: stageService)
    try await catchUp.projections(reach: heads, in: forecasting) {
      progress.show("Waiting for the projections", $0, of: heads.count)
    }
    progress.show("Comparing the projections")
    let snapshot = try await ProjectionSnapshot.take(from: forecasting, feed: feed)
    var audit = LogAudit()
    let ranges = try await log.read { record, total in
      audit.add(record, feed: feed)
      progress.show("Reading the log", audit.count.messages, of: total)
    }

    try await readOn(&reader, &feed, past: snapshot, &audit, epoch)
    let judgement = snapshot.judge(by: feed, heads: heads, known: known)
    report.add(judgement.differences, counts: judgement.counts)
    try await conclude(
      &audit, reader, feed, published: known, unpublished: unpublished, epoch, ranges, &report)

    progress.show("Comparing the funnel")
    let check = FunnelCheck(answer: funnel, deadline: .now + max(wait, .seconds(2)))
    let outcome = try await check.run(&reader, &feed)
    report.add(outcome.differences, counts: [.funnel: outcome.count])
    if let remark = outcome.remark { report.remark(remark) }
    report.add(
      try await sanity(&reader, &feed),
      counts: [.feed: CheckCount(live: feed.events.count, recomputed: feed.events.count)])
    progress.clear()
    return report
  }

  /// The epoch that new events carry.
  private func epoch() async throws -> Int64 {
    let row = try await stageService.query("SELECT epoch FROM installation").first
    return try row?.decode(0) ?? 1
  }

  /// Reads the feed on until it shows everything that the tables and the log have shown. It may lag
  /// behind both, since it waits for transactions that overlapped.
  private func readOn(
    _ reader: inout FeedReader, _ feed: inout FeedIndex, past snapshot: ProjectionSnapshot,
    _ audit: inout LogAudit, _ epoch: Int64
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while true {
      try await reader.readOn(into: &feed)
      audit.settle(feed: feed)
      let isCovered = audit.isSettled(epoch: epoch) && snapshot.check.isCovered(by: feed)
      if isCovered || ContinuousClock.now >= deadline { return }
      try await Task.sleep(for: .milliseconds(200))
    }
  }

  /// Judges the feed as it was read until now; what is left out may still appear.
  private func sanity(
    _ reader: inout FeedReader, _ feed: inout FeedIndex
  ) async throws -> DifferenceLog {
    let deadline = ContinuousClock.now + min(wait, .seconds(5))
    let judged = feed.events.count
    while true {
      let differences = FeedSanity.differences(of: feed, first: judged)
      if differences.isEmpty || ContinuousClock.now >= deadline { return differences }
      try await Task.sleep(for: .milliseconds(200))
      try await reader.readOn(into: &feed)
    }
  }

  private func conclude(
    _ audit: inout LogAudit, _ reader: FeedReader, _ feed: FeedIndex, published: Int,
    unpublished: Set<EntityID>, _ epoch: Int64, _ ranges: [Int32: Watermarks],
    _ report: inout VerifyReport
  ) async throws {
    let trimmed = Set(ranges.filter { $0.value.low > 0 }.keys)
    audit.finish(
      feed: feed,
      expecting: .init(
        published: published, unpublished: unpublished,
        completeAfter: audit.completeAfter(trimmed: trimmed, feed: feed), epoch: epoch))
    var differences = audit.differences
    for (index, mismatch) in audit.mismatches.enumerated() {
      let place = "\(mismatch.record), event \(mismatch.event.id)"
      guard index < DifferenceLog.keptPerCheck, let known = feed.index(of: mismatch.event.id),
        let item = try await reader.item(feed.events[known], of: feed)
      else {
        differences.add(.log, .different, place)
        continue
      }
      differences.add(
        try EventComparison.difference(log: mismatch.event, feed: item, at: mismatch.record))
    }
    report.add(
      differences,
      counts: [.log: CheckCount(live: audit.count.messages, recomputed: audit.heldEvents)])
    report.remark(contentsOf: audit.remarks)
    if audit.count.duplicates > 0 {
      report.remark("the log repeats \(audit.count.duplicates) messages, which is legal")
    }
    if !unpublished.isEmpty {
      report.remark("\(unpublished.count) events still wait in stage-service's outbox")
    }
    if audit.heldEvents < published {
      report.remark(
        "Kafka holds \(audit.heldEvents) of \(feed.events.count) events; the older ones are in "
          + "stage-service's history only")
    }
  }
}
