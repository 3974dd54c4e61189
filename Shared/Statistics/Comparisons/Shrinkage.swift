/// The rates of a team's people, drawn towards the team's by as much as their numbers leave to chance,
/// so that nobody ranks first or last by luck.
///
/// Beta-binomial empirical Bayes: the true rates are taken to follow a beta distribution whose mean m
/// and spread are estimated from all of them by Kleinman's weighted moments (1973), repeated until
/// they settle. With γ the share of m(1−m) that lies between people, it has the weight of
/// s = 1/γ − 1 further deals: a person with k of n has the posterior Beta(ms + k, (1−m)s + n − k).
/// When the rates differ no more than chance makes them, s is the number of all deals, so that the
/// interval stays as wide as the team's own.
package struct Shrinkage: Sendable {
  /// The mean m of the true rates.
  package let teamRate: Double
  /// The weight s, in deals: from 0.5 to the number of all deals.
  package let weight: Double
  /// In the order of the people: the posterior mean with the posterior's central 95% interval. One with
  /// no deals has the team's.
  package let rates: [Estimate]

  /// Fails with `noData` when nobody has a deal.
  package static func of(_ people: [Proportion]) -> Result<Shrinkage, Lack> {
    let active = people.filter { $0.total > 0 }
    guard !active.isEmpty else { return .failure(.noData) }
    return .success(Shrinkage(people, active))
  }

  private init(_ people: [Proportion], _ active: [Proportion]) {
    let deals = Double(active.reduce(0) { $0 + $1.total })
    let (mean, between) = Self.moments(of: active)
    // Never 0 or 1: with as little as half a deal of either kind.
    let bounded = (mean * deals + 0.5) / (deals + 1)
    teamRate = bounded
    let weight = min(max(1 / max(between, 1e-12) - 1, 0.5), max(deals, 0.5))
    self.weight = weight
    rates = people.map { person in
      let posterior = Beta(
        a: bounded * weight + Double(person.count),
        b: (1 - bounded) * weight + Double(person.total - person.count))
      return Estimate(
        value: posterior.mean, low: posterior.quantile(0.025), high: posterior.quantile(0.975))
    }
  }

  /// The mean rate, and the share γ of its variance that lies between people; at least 0.
  private static func moments(of people: [Proportion]) -> (mean: Double, between: Double) {
    var between = 0.0
    var mean = 0.0
    for _ in 0..<100 {
      let weights = people.map { Double($0.total) / (1 + Double($0.total - 1) * between) }
      let sum = weights.reduce(0, +)
      let rates = people.map { Double($0.count) / Double($0.total) }
      mean = zip(weights, rates).reduce(0) { $0 + $1.0 * $1.1 } / sum
      let room = mean * (1 - mean)
      guard people.count > 1, room > 0 else { return (mean, 0) }
      let spread = zip(weights, rates).reduce(0) {
        $0 + $1.0 * ($1.1 - mean) * ($1.1 - mean)
      }
      let own = weights.map { $0 * (1 - $0 / sum) }
      let chance = zip(own, people).reduce(0) { $0 + $1.0 / Double($1.1.total) }
      let free = own.reduce(0, +) - chance
      guard free > 0 else { return (mean, 0) }
      let next = min(max((spread - room * chance) / (room * free), 0), 1)
      if abs(next - between) < 1e-12 { break }
      between = next
    }
    return (mean, between)
  }

  /// Whether a person's rate differs from the team's, given what chance leaves open.
  package func verdict(of person: Int) -> Verdict { rates[person].verdict(against: teamRate) }
}
