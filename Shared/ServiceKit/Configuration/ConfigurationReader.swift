import Configuration
import Foundation

/// Reads variables and collects what is wrong with them, so that one run shows all of it.
///
/// The command line reads with it the few variables that a command needs;
/// ``ServiceConfiguration`` reads with it what a service needs.
package struct ConfigurationReader {
  private let reader: ConfigReader
  private let environment: [String: String]
  private var problems: [ConfigurationError.Problem] = []

  package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
    let secrets = Set(ConfigurationKeys.all.filter(\.isSecret).map(\.name))
    self.environment = environment
    self.reader = ConfigReader(
      provider: EnvironmentVariablesProvider(
        environmentVariables: environment,
        secretsSpecifier: .dynamic { name, _ in
          secrets.contains(name) || name.hasPrefix(Self.kafkaPrefix)
        }))
  }

  private static let kafkaPrefix = String(ConfigurationKeys.kafkaSettings.name.dropLast())

  /// Throws when anything was refused since the reader was made.
  package func finish() throws(ConfigurationError) {
    if !problems.isEmpty { throw ConfigurationError(problems: problems) }
  }

  /// Notes that `key` is not usable and what would be right.
  package mutating func refuse(_ key: ConfigurationKey, _ value: String?, expected: String) {
    problems.append(
      .init(variable: key.name, value: key.isSecret ? nil : value, expected: expected))
  }

  /// The value or the default; an empty value counts as unset.
  package func string(_ key: ConfigurationKey) -> String? {
    let value = reader.string(forKey: ConfigKey([key.name]), isSecret: key.isSecret)
    if let value, !value.isEmpty { return value }
    return key.defaultValue
  }

  /// The value or the default; refused when there is neither.
  package mutating func required(_ key: ConfigurationKey) -> String {
    if let value = string(key) { return value }
    refuse(key, nil, expected: "must be set: \(key.summary)")
    return ""
  }

  /// The value turned into something typed; refused with `expected` when `parse` returns nil.
  package mutating func value<Value>(
    _ key: ConfigurationKey, expected: String, _ parse: (String) -> Value?
  ) -> Value? {
    guard let text = string(key) else { return nil }
    if let value = parse(text) { return value }
    refuse(key, text, expected: expected)
    return nil
  }

  package mutating func address(_ key: ConfigurationKey) -> ListenAddress {
    value(key, expected: "must be host:port with a port from 0 to 65535") { ListenAddress($0) }
      ?? ListenAddress(host: "127.0.0.1", port: 0)
  }

  /// librdkafka settings by their own names (`sasl.username`).
  package func kafkaSettings() -> [String: String] {
    var settings: [String: String] = [:]
    for (name, value) in environment where name.hasPrefix(Self.kafkaPrefix) {
      let setting = name.dropFirst(Self.kafkaPrefix.count)
      settings[setting.lowercased().replacing("_", with: ".")] = value
    }
    return settings
  }

  /// Variables that look like ours and that nothing reads: most likely misspelt.
  package func unknownVariables() -> [String] {
    let known = Set(ConfigurationKeys.all.map(\.name))
    return environment.keys.filter {
      $0.hasPrefix("SLUICE_") && !$0.hasPrefix(Self.kafkaPrefix) && !known.contains($0)
    }.sorted()
  }
}
