/// Spells that are alike: stays in a stage or lives of deals, measured from their own beginning.
///
/// Time is in any unit, the same throughout; Sluice uses fractional days. A row stands for `count`
/// spells, so that figures summed by the database work like single rows.
package struct Spell: Hashable, Sendable {
  /// From the beginning to the end, or to the moment at which it was last seen open; 0 to 1e100.
  package var duration: Double
  /// How it ended: 0, 1, … by outcome; nil when it was still open (right-censored).
  package var outcome: Int?
  /// How long it had lasted when it came under observation (left truncation); 0 when it was observed
  /// from its beginning. It is at risk at the times t with `entry < t <= duration`, and one that was
  /// observed from its beginning also at 0.
  package var entry: Double
  /// 1 to 2⁴⁰.
  package var count: Int

  static let greatestCount = 1 << 40

  package init(_ duration: Double, outcome: Int?, entry: Double = 0, count: Int = 1) {
    self.duration = duration
    self.outcome = outcome
    self.entry = entry
    self.count = count
  }

  package init(_ duration: Double, ended: Bool, entry: Double = 0, count: Int = 1) {
    self.init(duration, outcome: ended ? 0 : nil, entry: entry, count: count)
  }

  /// Whether the row was at risk at any time. A spell that ended at the very moment at which its
  /// observation began says nothing, and numbers out of range mean nothing.
  ///
  /// - Parameter outcomes: as many as are told apart; nil takes any.
  func isUsable(_ outcomes: Int?) -> Bool {
    duration >= 0 && duration <= 1e100 && count > 0 && count <= Self.greatestCount
      && (entry == 0 || (entry > 0 && entry < duration))
      && (outcome ?? 0) >= 0 && (outcome ?? 0) < outcomes ?? .max
  }
}
