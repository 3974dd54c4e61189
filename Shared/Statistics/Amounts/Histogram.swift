/// How amounts in minor units are spread, in bins with round edges.
package struct Histogram: Hashable, Sendable {
  package struct Bin: Hashable, Sendable {
    /// Included.
    package var from: Int64
    /// Excluded; the last bin includes it.
    package var to: Int64
    package var count: Int
  }

  /// Ascending and without gaps; empty of nothing.
  package private(set) var bins: [Bin] = []

  /// - Parameter sorted: ascending.
  package init(ofSorted sorted: [Int64]) {
    guard let least = sorted.first, let greatest = sorted.last else { return }
    let edges = Self.edges(
      from: least, to: greatest,
      leastPositive: sorted.partitionPoint { $0 > 0 }.map { sorted[$0] })
    var start = 0
    for index in edges.indices.dropLast() {
      let to = edges[index + 1]
      let isLast = index == edges.count - 2
      let end = isLast ? sorted.count : sorted.partitionPoint { $0 >= to } ?? sorted.count
      bins.append(Bin(from: edges[index], to: to, count: end - start))
      start = end
    }
  }

  /// Round edges, ascending, at least two: the first at or below the least value, the last at or above
  /// the greatest. They also suit `width_bucket(amount, edges)`.
  ///
  /// When the positive values span a factor of more than 20, and none is negative, the edges are
  /// 1, 2, 5, 10, 20, … times a power of ten, from four decades on the powers of ten alone, so
  /// that small deals are not all in the first bin; zero has a bin of its own then. Else they are
  /// 4 to 11 bins of one round width. A single value has one bin from itself to itself.
  ///
  /// - Parameter leastPositive: of the values, the least above 0; nil when there is none.
  package static func edges(
    from least: Int64, to greatest: Int64, leastPositive: Int64?
  ) -> [Int64] {
    guard least < greatest else { return [least, least] }
    if least >= 0, let leastPositive, greatest / leastPositive >= 20 {
      return (least == 0 ? [0] : []) + steps(from: leastPositive, to: greatest)
    }
    return even(from: least, to: greatest)
  }

  private static func steps(from least: Int64, to greatest: Int64) -> [Int64] {
    let factors: [Int128] = greatest / least >= 10_000 ? [1] : [1, 2, 5]
    var steps: [Int128] = []
    var power: Int128 = 1
    while steps.last ?? 0 < Int128(greatest) {
      for factor in factors where steps.last ?? 0 < Int128(greatest) {
        steps.append(factor * power)
      }
      power *= 10
    }
    let first = steps.lastIndex { $0 <= Int128(least) } ?? 0
    return steps[first...].map { Int64(clamping: $0) }
  }

  private static func even(from least: Int64, to greatest: Int64) -> [Int64] {
    let range = Int128(greatest) - Int128(least)
    var width: Int128 = 1
    var power: Int128 = 1
    // The narrowest round width that needs at most ten bins for the range.
    while width * 10 < range {
      if width == power * 5 {
        power *= 10
        width = power
      } else {
        width = width == power ? power * 2 : power * 5
      }
    }
    let (quotient, rest) = Int128(least).quotientAndRemainder(dividingBy: width)
    var edge = (rest < 0 ? quotient - 1 : quotient) * width
    var edges = [edge]
    while edge < Int128(greatest) {
      edge += width
      edges.append(edge)
    }
    return edges.map { Int64(clamping: $0) }
  }
}
