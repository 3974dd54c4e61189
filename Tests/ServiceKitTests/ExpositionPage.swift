/// A parser of the text exposition format, written apart from the writer and as strict.
struct ExpositionPage {
  struct Sample {
    let name: String
    let labels: [String: String]
    let value: Double
  }

  struct Malformed: Error {
    let line: String
  }

  private(set) var samples: [Sample] = []
  private(set) var types: [String: String] = [:]
  private(set) var help: [String: String] = [:]

  init(_ bytes: [UInt8]) throws {
    guard let text = String(validating: bytes, as: UTF8.self), text.last == "\n" else {
      throw Malformed(line: "the end")
    }
    for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
      if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.*)/) {
        help[String(match.1)] = String(match.2)
      } else if let match = line.wholeMatch(
        of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/)
      {
        guard types.updateValue(String(match.2), forKey: String(match.1)) == nil else {
          throw Malformed(line: String(line))
        }
      } else {
        try samples.append(Self.sample(line))
      }
    }
    for sample in samples where family(of: sample.name) == nil {
      throw Malformed(line: "\(sample.name) has no type")
    }
    let keys = samples.map { "\($0.name)\($0.labels.sorted { $0.key < $1.key })" }
    guard Set(keys).count == keys.count else { throw Malformed(line: "a series stands twice") }
  }

  func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
    samples.first { $0.name == name && $0.labels == labels }?.value
  }

  private func family(of name: String) -> String? {
    if types[name] != nil { return name }
    return ["_bucket", "_sum", "_count"].filter { name.hasSuffix($0) }
      .map { String(name.dropLast($0.count)) }.first { types[$0] == "histogram" }
  }

  private static func sample(_ line: Substring) throws -> Sample {
    guard
      let match = line.wholeMatch(
        of:
          /([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\]|\\[\\"n])*",?)+)\})? (\S+)/
      )
    else { throw Malformed(line: String(line)) }
    var labels: [String: String] = [:]
    for label in (match.2 ?? "").matches(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"/) {
      let value = unescape(label.2)
      guard labels.updateValue(value, forKey: String(label.1)) == nil else {
        throw Malformed(line: String(line))
      }
    }
    let text = String(match.3).replacing("+Inf", with: "inf")
    guard let value = Double(text) else { throw Malformed(line: String(line)) }
    return Sample(name: String(match.1), labels: labels, value: value)
  }

  private static func unescape(_ text: Substring) -> String {
    var result = ""
    var iterator = text.makeIterator()
    while let character = iterator.next() {
      guard character == "\\", let escaped = iterator.next() else {
        result.append(character)
        continue
      }
      result.append(escaped == "n" ? "\n" : escaped)
    }
    return result
  }
}
