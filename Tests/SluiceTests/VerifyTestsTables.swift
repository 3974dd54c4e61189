import Contracts
import Foundation
import Messaging
import Postgres

@testable import Sluice

/// Forecasting's tables, filled as a right projector would.
enum Projections {
  static func createTables(in pool: PostgresPool) async throws {
    let repository = URL(filePath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    for file in [
      "Services/Forecasting/Migrations/m0001_forecasting.sql",
      "Services/Forecasting/Migrations/m0002_reverted_moves.sql",
      "Services/Forecasting/Migrations/m0003_rebuilds.sql",
      "Services/Forecasting/Migrations/m0004_stage_totals.sql",
      "Services/Forecasting/Migrations/m0005_merged_deals.sql",
      "Services/Forecasting/Migrations/m0006_figures.sql",
      "Services/Forecasting/Migrations/m0007_follow_ups.sql",
      "Services/Forecasting/Migrations/m0008_noted_changes.sql",
      "Shared/Messaging/Migrations/m0001_messaging.sql",
    ] {
      let sql = try String(contentsOf: repository.appending(path: file), encoding: .utf8)
      try await pool.transaction { try $0.executeScript(sql) }
    }
  }

  /// Writes what a right projector would.
  static func write(_ feed: FeedIndex, into pool: PostgresPool) async throws {
    var ledger = TotalLedger()
    var days = DayLedger()
    var lengths = DwellLedger()
    var followUps = FollowUpLedger()
    var opportunities: [(EntityID, OpportunityReplay)] = []
    for index in feed.opportunities.indices {
      let history = feed.history(index)
      ledger.add(history, symbols: feed.symbols)
      days.add(history, symbols: feed.symbols)
      lengths.add(history, symbols: feed.symbols)
      followUps.add(history, symbols: feed.symbols)
      opportunities.append(
        (feed.opportunities[index], OpportunityReplay(history, symbols: feed.symbols)))
    }
    let rows = opportunities
    let totals = ledger.totals
    try await pool.transaction { transaction in
      for (id, replay) in rows {
        for row in replay.applied {
          try transaction.execute(
            """
            INSERT INTO applied_events VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,
              $17,$18,$19,$20,$21,$22,$23::text::uuid,$24,$25)
            """, id, row.epoch, row.sequence, row.eventID, row.type, row.pipeline, row.fromStage,
            row.toStage, row.direction, row.owner, row.team, row.amountMinor, row.currency,
            row.occurredAt, row.recordedAt, row.entryUnknown, row.toCategory, row.toPosition,
            row.revertedEpoch, row.revertedSequence, row.revertedBy, row.revertedBecause,
            row.mergedInto, row.held, row.followUpDueAt)
        }
        for row in replay.visits {
          try transaction.execute(
            """
            INSERT INTO visits VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16)
            """, id, row.enteredSequence,
            row.pipeline, row.stage, row.category, row.enteredAt, row.leftAt, row.leftSequence,
            row.leftTo, row.direction, row.leftCategory, row.leftOwner, row.leftTeam,
            row.leftCurrency, row.leftAmountMinor, row.heldMicroseconds)
        }
        for row in replay.notes {
          try transaction.execute(
            """
            INSERT INTO noted_changes VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10::text::date,
              $11::text::date,$12,$13,$14)
            """, id, row.epoch, row.sequence, row.number, row.pipeline, row.note.kind,
            row.note.stage, row.note.item, row.note.isSet, row.note.day, row.note.formerDay,
            row.note.score, row.note.isExplicit, row.occurredAt)
        }
        if let row = replay.traits {
          try transaction.execute(
            "INSERT INTO deal_traits VALUES ($1, $2, $3)", id, row.product, row.industry)
        }
        guard let row = replay.current else { continue }
        try transaction.execute(
          """
          INSERT INTO current_stage (opportunity_id, epoch, sequence, pipeline, pipeline_version,
            stage, category, position, owner, team, amount_minor, currency, name, account,
            entered_at, entered_sequence, follow_up_due_at, benchmark_days, occurred_at,
            latest_at, held_since, held_us, created_at, outcome, closed_at, merged_into)
          VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,
            $24,$25,$26::text::uuid)
          """, id, row.epoch, row.sequence, row.pipeline, row.pipelineVersion, row.stage,
          row.category, row.position, row.owner, row.team, row.amountMinor, row.currency, row.name,
          row.account, row.enteredAt, row.enteredSequence, row.followUpDueAt, row.benchmarkDays,
          row.occurredAt, row.latestAt, row.heldSince, row.heldMicroseconds,
          row.createdAt, row.outcome, row.closedAt, row.mergedInto)
      }
      for (key, sums) in totals {
        // What entered and left stands in a row of its own here; which row it is in is all the same.
        try transaction.execute(
          """
          INSERT INTO stage_totals (pipeline, stage, owner, team, currency, shard, deals,
            amount_minor, entered, advanced, back, lost, reopened, ended_known, dwell_seconds)
          VALUES ($1,$2,$3,$4,'',0,0,0,$5,$6,$7,$8,$9,$10,$11)
          """, key.pipeline, key.stage, key.owner, key.team, sums.entered, sums.advanced,
          sums.back, sums.lost, sums.reopened, sums.endedKnown, sums.dwellSeconds)
        for (currency, standing) in sums.standing {
          try transaction.execute(
            """
            INSERT INTO stage_totals (pipeline, stage, owner, team, currency, shard, deals,
              amount_minor, entered, advanced, back, lost, reopened, ended_known, dwell_seconds)
            VALUES ($1,$2,$3,$4,$5,1,$6,$7::text::numeric,0,0,0,0,0,0,0)
            """, key.pipeline, key.stage, key.owner, key.team, currency, standing.deals,
            "\(standing.amountMinor)")
        }
      }
    }
    try await write(days.days, lengths.visits, into: pool)
    try await write(followUps.days, into: pool)
  }

  private static func write(
    _ followUps: [FollowUpDayKey: FollowUpDaySums], into pool: PostgresPool
  ) async throws {
    try await pool.transaction { transaction in
      for (key, sums) in followUps {
        try transaction.execute(
          """
          INSERT INTO follow_up_changes (day, pipeline, team, currency, shard, open, forgotten)
          VALUES ($1,$2,$3,$4,0,$5,$6)
          """, PostgresDate(daysSinceEpoch: key.day), key.pipeline, key.team, key.currency,
          sums.open, sums.forgotten)
      }
    }
  }

  private static func write(
    _ days: [DayKey: DaySums], _ lengths: [DwellLengthKey: Int64], into pool: PostgresPool
  ) async throws {
    try await pool.transaction { transaction in
      for (key, sums) in days {
        try transaction.execute(
          """
          INSERT INTO daily_changes (day, pipeline, stage, to_stage, team, currency, shard, deals,
            amount_minor, entered, advanced, won, back, lost, reopened, ended_known, dwell_seconds)
          VALUES ($1,$2,$3,$4,$5,$6,0,$7,$8::text::numeric,$9,$10,$11,$12,$13,$14,$15,$16)
          """, PostgresDate(daysSinceEpoch: key.day), key.pipeline, key.stage, key.to, key.team,
          key.currency, sums.deals, "\(sums.amountMinor)", sums.entered, sums.advanced, sums.won,
          sums.back, sums.lost, sums.reopened, sums.endedKnown, sums.dwellSeconds)
      }
      for (key, visits) in lengths {
        try transaction.execute(
          """
          INSERT INTO dwell_totals (pipeline, stage, team, bucket, ending, shard, visits)
          VALUES ($1,$2,$3,$4,$5,0,$6)
          """, key.pipeline, key.stage, key.team, key.bucket, key.ending, visits)
      }
      try transaction.execute(
        """
        INSERT INTO deal_owners (owner_hash, opportunity_id)
        SELECT DISTINCT hashtextextended(owner, 0), opportunity_id FROM applied_events
        WHERE owner IS NOT NULL
        """)
    }
  }
}
