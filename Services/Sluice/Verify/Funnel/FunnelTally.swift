import Contracts

/// The figures of one stage as they are recomputed from the events.
struct StageTally: Equatable, Sendable {
  /// Deals that stand in the stage.
  var count = 0
  /// Minor units by currency, of the deals that have an amount.
  var amounts: [String: Int64] = [:]
  /// Deals that have none.
  var unpriced = 0
  /// Stays that began, and those that ended with a move forwards or backwards.
  var entered = 0
  var advanced = 0
  var back = 0

  var isZero: Bool { self == StageTally() }

  var text: String {
    let amounts = amounts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    return "count \(count), amounts [\(amounts.joined(separator: ", "))], unpriced \(unpriced), "
      + "entered \(entered), advanced \(advanced), back \(back)"
  }
}

/// The funnel of every pipeline as of the last event, recomputed.
struct FunnelTally: Equatable, Sendable {
  private(set) var pipelines: [String: [String: StageTally]] = [:]

  init(_ feed: FeedIndex) {
    for opportunity in feed.opportunities.indices {
      add(feed.history(opportunity), feed.symbols)
    }
  }

  private mutating func add(_ events: [FeedEvent], _ symbols: SymbolTable) {
    let walk = StageWalk(events)
    for stay in walk.stays {
      change(events[stay.begin], symbols) { tally in
        tally.entered += 1
        if stay.direction == .advance { tally.advanced += 1 }
        if stay.direction == .back { tally.back += 1 }
      }
    }
    guard let stay = walk.stays.last, let last = events.last else { return }
    change(events[stay.begin], symbols) { tally in
      tally.count += 1
      if let amount = last.amountMinor, let currency = symbols[last.currency] {
        tally.amounts[currency, default: 0] += amount
      } else {
        tally.unpriced += 1
      }
    }
  }

  private mutating func change(
    _ begin: FeedEvent, _ symbols: SymbolTable, _ body: (inout StageTally) -> Void
  ) {
    body(
      &pipelines[symbols.text(begin.pipeline), default: [:]][
        symbols.text(begin.to), default: StageTally()])
  }

  /// - Parameter answers: by pipeline. Stages without a deal may be absent on either side.
  func differences(from answers: [String: [String: StageTally]]) -> DifferenceLog {
    var log = DifferenceLog()
    for (pipeline, stages) in pipelines.sorted(by: { $0.key < $1.key }) {
      guard let answer = answers[pipeline] else {
        log.add(.funnel, .missing, "pipeline \(pipeline)", recomputed: "\(stages.count) stages")
        continue
      }
      for stage in Set(stages.keys).union(answer.keys).sorted() {
        let recomputed = stages[stage] ?? StageTally()
        let live = answer[stage] ?? StageTally()
        guard live != recomputed else { continue }
        log.add(
          .funnel, .different, "pipeline \(pipeline), stage \(stage)", live: live.text,
          recomputed: recomputed.text)
      }
    }
    return log
  }
}
