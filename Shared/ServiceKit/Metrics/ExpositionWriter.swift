/// Writes the Prometheus text exposition format 0.0.4.
struct ExpositionWriter {
  private(set) var bytes: [UInt8] = []

  mutating func header(_ name: String, kind: MetricKind, help: String) {
    append("# HELP \(name) ")
    escape(help, quotes: false)
    append("\n# TYPE \(name) \(kind.rawValue)\n")
  }

  mutating func sample(
    _ name: String, _ labels: MetricLabels, _ value: Double, bound: Double? = nil
  ) {
    append(name)
    if !labels.names.isEmpty || bound != nil {
      append("{")
      for (index, (label, value)) in zip(labels.names, labels.values).enumerated() {
        append(index > 0 ? ",\(label)=\"" : "\(label)=\"")
        escape(value, quotes: true)
        append("\"")
      }
      if let bound {
        append(labels.names.isEmpty ? "le=\"" : ",le=\"")
        append(number(bound))
        append("\"")
      }
      append("}")
    }
    append(" \(number(value))\n")
  }

  private mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  private mutating func escape(_ text: String, quotes: Bool) {
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\\"): append("\\\\")
      case 0x0a: append("\\n")
      case UInt8(ascii: "\"") where quotes: append("\\\"")
      default: bytes.append(byte)
      }
    }
  }

  private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    if value == value.rounded(), abs(value) < 1e15 { return String(Int64(value)) }
    return String(value)
  }
}
