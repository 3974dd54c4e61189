/// A small generator with the same numbers on every machine (Steele, Lea and Flood: SplitMix64).
struct SplitMix64: Sendable {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A generator of its own for each pair, so that one deal's story does not depend on another's.
  init(seed: UInt64, stream: UInt64) {
    var mixer = SplitMix64(seed: seed)
    self.init(seed: mixer.next() &+ stream &* 0xD134_2543_DE82_EF95)
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var word = state
    word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
    return word ^ word >> 31
  }

  /// From 0 up to, but not including, 1.
  mutating func fraction() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

  mutating func chance(_ probability: Double) -> Bool { fraction() < probability }

  mutating func integer(below bound: Int) -> Int { Int(fraction() * Double(bound)) }

  mutating func pick<Item>(_ items: [Item]) -> Item { items[integer(below: items.count)] }

  /// The index of a weight, the heavier the likelier.
  mutating func pick(weights: [Double]) -> Int {
    var rest = fraction() * weights.reduce(0, +)
    for (index, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return index }
    }
    return weights.count - 1
  }

  /// A factor around 1 with the long tail of waiting times: half of them below 1, one in ten above
  /// 2.8. Made of quantiles, as the logarithms of two machines may differ in their last bit.
  mutating func waitingFactor() -> Double {
    let quantiles = [0.1, 0.36, 0.51, 0.66, 0.82, 1, 1.22, 1.52, 1.96, 2.79, 6]
    let place = fraction() * Double(quantiles.count - 1)
    let index = Int(place)
    return quantiles[index]
      + (quantiles[index + 1] - quantiles[index]) * (place - Double(index))
  }
}
