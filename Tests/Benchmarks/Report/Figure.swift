/// One measured value, as it stands on a line of JSON.
struct Figure: Encodable, Sendable {
  /// Something measured in the same run that shows what the machine can do at best.
  struct Floor: Encodable, Sendable {
    var name: String
    var value: Double
  }

  /// Such as `projector`, or `projector.latency.p99`.
  var name: String
  var value: Double
  /// Such as `events/s`, `ms`, `MB`.
  var unit: String
  var floor: Floor?
  /// `value` by the floor's.
  var ratio: Double?
  /// What the figure should reach, in words.
  var aim: String?
  /// Cores that each process used on average while it was measured.
  var cpu: [String: Double] = [:]
  /// Largest resident memory of each service since it started, in MB.
  var peakMemory: [String: Double] = [:]
  /// What the figure depends on, such as the number of events.
  var parameters: [String: Double] = [:]
  var machine = Machine.current
  /// `kafka` or `embedded`.
  var broker = Machine.broker

  init(
    _ name: String, _ value: Double, _ unit: String, floor: Floor? = nil, aim: String? = nil,
    usage: Usage = Usage(), parameters: [String: Double] = [:]
  ) {
    self.name = name
    self.value = value.rounded(toDigits: 4)
    self.unit = unit
    self.floor = floor.map { Floor(name: $0.name, value: $0.value.rounded(toDigits: 4)) }
    ratio = floor.map { (value / $0.value).rounded(toDigits: 3) }
    self.aim = aim
    cpu = usage.cores.mapValues { $0.rounded(toDigits: 3) }
    peakMemory = usage.peakMemory.mapValues { $0.rounded(toDigits: 4) }
    self.parameters = parameters
  }
}

/// Instead of a figure that cannot be measured here.
struct SkippedFigure: Encodable {
  var skipped: String
  var name: String
}

extension Double {
  /// So many significant digits; more would only be noise.
  func rounded(toDigits digits: Int) -> Double {
    guard self != 0, isFinite else { return self }
    var scale = 1.0
    var size = abs(self)
    while size < 1 { (size, scale) = (size * 10, scale * 10) }
    while size >= 10 { (size, scale) = (size / 10, scale / 10) }
    for _ in 1..<digits { scale *= 10 }
    return (self * scale).rounded() / scale
  }
}
