/// What a metric is in the exposition format.
enum MetricKind: String, Sendable {
  case counter, gauge, histogram
}

/// Labels of one series, sorted by name.
struct MetricLabels: Hashable, Sendable {
  let names: [String]
  let values: [String]

  /// Names are made valid; of a name given twice the first holds.
  init(_ dimensions: [(String, String)]) {
    var seen: Set<String> = []
    let sorted = dimensions.map { (metricName($0.0, allowColon: false), $0.1) }
      .filter { seen.insert($0.0).inserted }
      .sorted { $0.0 < $1.0 }
    // `le` belongs to the buckets of histograms.
    self.names = sorted.map { $0.0 == "le" ? "le_" : $0.0 }
    self.values = sorted.map(\.1)
  }

  func matches(_ wanted: MetricLabels) -> Bool {
    zip(wanted.names, wanted.values).allSatisfy { name, value in
      names.firstIndex(of: name).map { values[$0] == value } ?? false
    }
  }
}

/// All series of one name.
struct MetricFamily {
  let kind: MetricKind
  let labelNames: [String]
  var series: [MetricLabels: any MetricSeries] = [:]
}

/// Text for a name, and for a histogram its upper bounds.
struct MetricDescription: Sendable {
  let help: String
  let buckets: [Double]?
}

/// `text` with everything that the exposition format does not allow turned into `_`.
func metricName(_ text: String, allowColon: Bool = true) -> String {
  var bytes = text.utf8.map { byte -> UInt8 in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
      byte
    case UInt8(ascii: ":") where allowColon: byte
    default: UInt8(ascii: "_")
    }
  }
  if let first = bytes.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
    bytes.insert(UInt8(ascii: "_"), at: 0)
  }
  return bytes.isEmpty ? "_" : String(decoding: bytes, as: UTF8.self)
}
