/// Samples in order, such as latencies in milliseconds.
struct Percentiles: Sendable {
  private let sorted: [Double]

  init(_ samples: [Double]) { sorted = samples.sorted() }

  var count: Int { sorted.count }

  /// The smallest sample that at least this part of them does not exceed.
  func at(_ part: Double) -> Double {
    guard !sorted.isEmpty else { return .nan }
    let rank = Int((part * Double(sorted.count)).rounded(.up))
    return sorted[min(max(rank, 1), sorted.count) - 1]
  }
}
