import Contracts
import Foundation
import Postgres

/// Where deals stand and what happened, added up; what the funnel and the transitions are made of.
struct FlowSums: Equatable, Sendable {
  struct Standing: Equatable, Sendable {
    var deals: Int64 = 0
    var amountMinor: Int128 = 0
  }

  /// Leavings from one stage to another.
  struct Moves: Equatable, Sendable {
    var advanced: Int64 = 0
    var back: Int64 = 0
    var lost: Int64 = 0
    var reopened: Int64 = 0
    var endedKnown: Int64 = 0
    var dwellSeconds: Int64 = 0

    var count: Int64 { advanced + back + lost + reopened }
  }

  /// By stage, then by currency or "".
  private(set) var standing: [String: [String: Standing]] = [:]
  private(set) var entered: [String: Int64] = [:]
  /// By the stage that was left, then by the stage that was entered.
  private(set) var moves: [String: [String: Moves]] = [:]
  /// Entry of the oldest open visit by stage.
  var oldest: [String: Instant] = [:]

  /// - Parameters:
  ///   - rows: stage, stage that was entered or "", currency or "", deals, sum of the amounts as text,
  ///     oldest entry, entered, advanced, back, lost, reopened, ended with known entry, their dwell in
  ///     seconds.
  ///   - times: -1 takes them away.
  mutating func add(_ rows: PostgresRows, times: Int64 = 1) throws {
    for row in rows {
      let stage = try row.decode(0, as: String.self)
      let to = try row.decode(1, as: String.self)
      let currency = try row.decode(2, as: String.self)
      let deals = try row.decode(3, as: Int64.self)
      let amount = Int128(try row.decode(4, as: String.self)) ?? 0
      if deals != 0 || amount != 0 {
        standing[stage, default: [:]][currency, default: Standing()].deals += times * deals
        standing[stage, default: [:]][currency, default: Standing()].amountMinor +=
          Int128(times) * amount
      }
      if times > 0, let oldest = try row.optional(5, as: Instant.self) {
        self.oldest[stage] = min(oldest, self.oldest[stage] ?? oldest)
      }
      entered[stage, default: 0] += times * (try row.decode(6, as: Int64.self))
      guard !to.isEmpty else { continue }
      var moves = moves[stage]?[to] ?? Moves()
      moves.advanced += times * (try row.decode(7, as: Int64.self))
      moves.back += times * (try row.decode(8, as: Int64.self))
      moves.lost += times * (try row.decode(9, as: Int64.self))
      moves.reopened += times * (try row.decode(10, as: Int64.self))
      moves.endedKnown += times * (try row.decode(11, as: Int64.self))
      moves.dwellSeconds += times * (try row.decode(12, as: Int64.self))
      self.moves[stage, default: [:]][to] = moves
    }
  }

  /// Only what happened after the other sums were taken; where deals stand stays.
  mutating func subtractFlows(of earlier: FlowSums) {
    for (stage, count) in earlier.entered { entered[stage, default: 0] -= count }
    for (stage, row) in earlier.moves {
      for (to, former) in row {
        var moves = moves[stage]?[to] ?? Moves()
        moves.subtract(former)
        self.moves[stage, default: [:]][to] = moves
      }
    }
  }

  /// What happened, and where the other sums say that deals stand.
  func standing(as other: FlowSums) -> FlowSums {
    var sums = self
    sums.standing = other.standing
    sums.oldest = other.oldest
    return sums
  }

  var stages: Set<String> {
    let standing = standing.filter { $0.value.contains { $0.value != Standing() } }.keys
    return Set(standing).union(entered.filter { $0.value != 0 }.keys)
      .union(moves.filter { $0.value.contains { $0.value.count != 0 } }.keys)
  }

  func figures(of stage: String) -> StageFigures {
    var figures = StageFigures()
    for (currency, sum) in standing[stage] ?? [:] where sum.deals != 0 {
      figures.count += sum.deals
      if currency.isEmpty {
        figures.unpriced += sum.deals
      } else {
        figures.amounts[currency] = Decimal(string: "\(sum.amountMinor)")
      }
    }
    figures.oldestEntry = figures.count == 0 ? nil : oldest[stage]
    figures.entered = entered[stage] ?? 0
    for moves in (moves[stage] ?? [:]).values {
      figures.advanced += moves.advanced
      figures.back += moves.back
      figures.lost += moves.lost
      figures.endedKnown += moves.endedKnown
      figures.dwellSeconds += moves.dwellSeconds
    }
    return figures
  }
}

extension FlowSums.Moves {
  fileprivate mutating func subtract(_ other: FlowSums.Moves) {
    advanced -= other.advanced
    back -= other.back
    lost -= other.lost
    reopened -= other.reopened
    endedKnown -= other.endedKnown
    dwellSeconds -= other.dwellSeconds
  }
}
