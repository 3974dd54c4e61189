import Contracts
package import Logging

/// One JSON object per line: time, level, service, label, message, error, then the metadata.
///
/// A metadata key that collides with one of those gets a trailing `_`.
package struct JSONLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level

  private let service: String
  private let label: String
  private let write: @Sendable ([UInt8]) -> Void

  /// - Parameter write: takes one whole line with its newline; called from any thread.
  package init(
    service: String, label: String, level: Logger.Level,
    metadataProvider: Logger.MetadataProvider?, write: @escaping @Sendable ([UInt8]) -> Void
  ) {
    self.service = service
    self.label = label
    self.logLevel = level
    self.metadataProvider = metadataProvider
    self.write = write
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    var merged = metadata
    if let provided = metadataProvider?.get() { merged.merge(provided) { $1 } }
    if let own = event.metadata { merged.merge(own) { $1 } }

    var line: [UInt8] = []
    line.reserveCapacity(256)
    line.append(UInt8(ascii: "{"))
    func field(_ name: String, _ value: String) {
      if line.count > 1 { line.append(UInt8(ascii: ",")) }
      appendJSONString(name, to: &line)
      line.append(UInt8(ascii: ":"))
      appendJSONString(value, to: &line)
    }
    field("time", Instant.now().description)
    field("level", event.level.rawValue)
    field("service", service)
    field("label", label)
    field("message", event.message.description)
    if let error = event.error { field("error", "\(error)") }

    var taken: Set<String> = ["time", "level", "service", "label", "message"]
    if event.error != nil { taken.insert("error") }
    for (key, value) in merged.sorted(by: { $0.key < $1.key }) {
      var name = key
      while !taken.insert(name).inserted { name += "_" }
      line.append(UInt8(ascii: ","))
      appendJSONString(name, to: &line)
      line.append(UInt8(ascii: ":"))
      append(value, to: &line)
    }
    line.append(contentsOf: [UInt8(ascii: "}"), 0x0a])
    write(line)
  }

  private func append(_ value: Logger.MetadataValue, to line: inout [UInt8]) {
    switch value {
    case .string(let text): appendJSONString(text, to: &line)
    case .stringConvertible(let value): appendJSONString(value.description, to: &line)
    case .array(let values):
      line.append(UInt8(ascii: "["))
      for (index, value) in values.enumerated() {
        if index > 0 { line.append(UInt8(ascii: ",")) }
        append(value, to: &line)
      }
      line.append(UInt8(ascii: "]"))
    case .dictionary(let values):
      line.append(UInt8(ascii: "{"))
      for (index, (key, value)) in values.sorted(by: { $0.key < $1.key }).enumerated() {
        if index > 0 { line.append(UInt8(ascii: ",")) }
        appendJSONString(key, to: &line)
        line.append(UInt8(ascii: ":"))
        append(value, to: &line)
      }
      line.append(UInt8(ascii: "}"))
    }
  }
}
