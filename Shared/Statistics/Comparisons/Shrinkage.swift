import Glibc

/// The rates of a team's people, drawn towards the team's by as much as their numbers leave to chance,
/// so that nobody ranks first or last by luck.
///
/// The beta-binomial hierarchy: a person's true rate is drawn from Beta(ms, (1−m)s), with m the team's
/// rate and s how many further deals knowing the team is worth. Given both, k of n leave the
/// posterior Beta(ms + k, (1−m)s + n − k). Neither is known; both are averaged over their posterior
/// on a grid, with m uniform and the shrinkage s/(s + n̄) uniform, n̄ being the mean number of
/// deals (Christiansen and Morris 1997; Daniels 1999). Plugging in one estimate of s instead would be
/// too sure of itself in teams of a few people. The posterior of a person is summed up by the beta
/// distribution of the same mean and variance.
package struct Shrinkage: Sendable {
  /// The posterior mean of the team's rate m.
  package let teamRate: Double
  /// By person, in the order given: the posterior mean and its central 95% interval. One with no deals
  /// has the team's rate and the spread between people.
  package let rates: [Estimate]

  /// - Parameter people: each with won and closed deals, or whatever else is counted.
  /// - Returns: `noData` when nobody has any.
  package static func of(_ people: [Proportion]) -> Result<Shrinkage, Lack> {
    guard people.contains(where: { $0.total > 0 }) else { return .failure(.noData) }
    return .success(Shrinkage(people))
  }

  private init(_ people: [Proportion]) {
    let nodes = Self.posterior(of: people.filter { $0.total > 0 })
    teamRate = nodes.reduce(0) { $0 + $1.mass * $1.mean }
    rates = people.map { person in
      var first = 0.0
      var second = 0.0
      for node in nodes {
        let all = node.weight + Double(person.total)
        let won = node.mean * node.weight + Double(person.count)
        first += node.mass * won / all
        second += node.mass * won / all * (won + 1) / (all + 1)
      }
      let posterior = Beta(mean: first, variance: second - first * first)
      // The mean of a very skew distribution can lie outside of its central 95%.
      return Estimate(
        value: first, low: min(first, posterior.quantile(0.025)),
        high: max(first, posterior.quantile(0.975)))
    }
  }

  /// Whether a person's rate differs from the team's, given what chance leaves open.
  package func verdict(of person: Int) -> Verdict { rates[person].verdict(against: teamRate) }

  /// A point of the grid: the team's rate m, the weight s, and the share of the posterior there.
  private struct Node {
    var mean: Double
    var weight: Double
    var mass: Double
  }

  private static func posterior(of people: [Proportion]) -> [Node] {
    let average = people.reduce(0) { $0 + Double($1.total) } / Double(people.count)
    let steps = 24
    var nodes: [Node] = []
    for step in 0..<steps {
      let shrinkage = (Double(step) + 0.5) / Double(steps)
      let weight = average * shrinkage / (1 - shrinkage)
      let (centre, error) = logitOfMean(people, weight: weight)
      for offset in stride(from: -3.0, through: 3, by: 1) {
        let mean = 1 / (1 + exp(-(centre + offset * error)))
        // The grid is even in the logit, m is not: hence m(1−m); its step is the error.
        let log =
          logLikelihood(people, mean: mean, weight: weight)
          + Glibc.log(mean * (1 - mean) * error)
        nodes.append(Node(mean: mean, weight: weight, mass: log))
      }
    }
    let greatest = nodes.reduce(-Double.infinity) { max($0, $1.mass) }
    for index in nodes.indices { nodes[index].mass = exp(nodes[index].mass - greatest) }
    let sum = nodes.reduce(0) { $0 + $1.mass }
    for index in nodes.indices { nodes[index].mass /= sum }
    return nodes
  }

  /// The logit of the mean rate and its standard error, given the weight: each person counts with
  /// n(s + 1)/(s + n), as many deals as theirs are worth when those of one person resemble each other.
  private static func logitOfMean(
    _ people: [Proportion], weight: Double
  ) -> (centre: Double, error: Double) {
    var won = 0.5
    var all = 1.0
    for person in people {
      let share = (weight + 1) / (weight + Double(person.total))
      won += share * Double(person.count)
      all += share * Double(person.total)
    }
    let mean = won / all
    return (Glibc.log(mean / (1 - mean)), 1 / (all * mean * (1 - mean)).squareRoot())
  }

  private static func logLikelihood(
    _ people: [Proportion], mean: Double, weight: Double
  ) -> Double {
    let (a, b) = (mean * weight, (1 - mean) * weight)
    let empty = logGamma(weight) - logGamma(a) - logGamma(b)
    return people.reduce(0) { sum, person in
      let (won, lost) = (Double(person.count), Double(person.total - person.count))
      return sum + empty + logGamma(a + won) + logGamma(b + lost) - logGamma(weight + won + lost)
    }
  }
}

extension Beta {
  /// - Parameters:
  ///   - mean: above 0 and below 1.
  ///   - variance: what mean and shape allow; kept within 1e-12 ..< 1 of mean × (1 − mean).
  fileprivate init(mean: Double, variance: Double) {
    let room = mean * (1 - mean)
    let size = room / min(max(variance, room * 1e-9), room * 0.999) - 1
    self.init(a: mean * size, b: (1 - mean) * size)
  }
}
