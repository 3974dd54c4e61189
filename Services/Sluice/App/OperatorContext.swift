import Foundation
import ServiceKit

/// Where the installation is: the environment first, else `.local/run.json`.
///
/// Each property throws an ``OperatorFailure`` that names the variable to set when the value is in
/// neither place, so a command asks only for what it needs.
struct OperatorContext: Sendable {
  /// The environment, with what `run.json` knows filled in.
  private let settings: [String: String]
  /// Whether a `run.json` was found.
  let hasLocalInstallation: Bool

  static func load(
    environment: [String: String] = ProcessInfo.processInfo.environment,
    workingDirectory: String = FileManager.default.currentDirectoryPath
  ) throws -> OperatorContext {
    let local = try LocalInstallation.find(from: workingDirectory)
    return OperatorContext(environment: environment, local: local)
  }

  init(environment: [String: String], local: LocalInstallation? = nil) {
    let given = environment.filter { !$0.value.isEmpty }
    settings = given.merging(local?.settings ?? [:]) { given, _ in given }
    hasLocalInstallation = local != nil
  }

  var bootstrapServers: String {
    get throws {
      try checked(ConfigurationKeys.kafkaBootstrapServers) {
        ServiceConfiguration.kafkaBootstrapServers(&$0)
      }
    }
  }

  /// librdkafka settings by their own names, from `SLUICE_KAFKA_CONF_*`.
  var kafkaSettings: [String: String] { ConfigurationReader(environment: settings).kafkaSettings() }

  var databaseURL: String {
    get throws {
      try checked(ConfigurationKeys.databaseURL) { ServiceConfiguration.databaseURL(&$0) }
    }
  }

  var topicPrefix: String {
    get throws { try read { ServiceConfiguration.topicPrefix(&$0) } }
  }

  var schemaPrefix: String {
    get throws { try read { ServiceConfiguration.schemaPrefix(&$0) } }
  }

  /// Without a slash at its end.
  var stageServiceURL: String {
    get throws { try url(OperatorKeys.stageServiceURL) }
  }

  /// Without a slash at its end.
  var forecastingURL: String {
    get throws { try url(OperatorKeys.forecastingURL) }
  }

  /// Without a slash at its end.
  var activityIngestURL: String {
    get throws { try url(OperatorKeys.activityIngestURL) }
  }

  /// Without a slash at its end.
  var notifierURL: String {
    get throws { try url(OperatorKeys.notifierURL) }
  }

  /// A bearer token that may do what an admin may.
  var token: String {
    get throws {
      try value(of: OperatorKeys.token).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  var jwtKeyFile: String {
    get throws { try value(of: ConfigurationKeys.jwtKeyFile) }
  }

  var issuer: String { optional(ConfigurationKeys.issuer) ?? "" }

  var audience: String { optional(ConfigurationKeys.audience) ?? "" }

  /// The value of any other key, or its default.
  func optional(_ key: ConfigurationKey) -> String? { settings[key.name] ?? key.defaultValue }

  private func url(_ key: ConfigurationKey) throws -> String {
    let text = try value(of: key)
    guard let url = URL(string: text), ["http", "https"].contains(url.scheme), url.host != nil
    else {
      throw OperatorFailure.usage(
        "\(key.name) is \(text); it must be a URL such as http://127.0.0.1:8080")
    }
    return text.hasSuffix("/") ? String(text.dropLast()) : text
  }

  private func value(of key: ConfigurationKey) throws -> String {
    if let value = optional(key) { return value }
    let place =
      hasLocalInstallation
      ? ".local/run.json has no value for it either"
      : "there is no .local/run.json here or above: deploy/local/up writes one"
    throw OperatorFailure.usage("set \(key.name) (\(key.summary)); \(place)")
  }

  private func checked<Value>(
    _ key: ConfigurationKey, _ body: (inout ConfigurationReader) -> Value
  ) throws -> Value {
    _ = try value(of: key)
    return try read(body)
  }

  private func read<Value>(_ body: (inout ConfigurationReader) -> Value) throws -> Value {
    var reader = ConfigurationReader(environment: settings)
    let value = body(&reader)
    try reader.finish()
    return value
  }
}

/// The variables that only the command line reads.
enum OperatorKeys {
  static let stageServiceURL = ConfigurationKey(
    "SLUICE_STAGE_SERVICE_URL", summary: "stage-service, as http(s)://host:port")
  static let forecastingURL = ConfigurationKey(
    "SLUICE_FORECASTING_URL", summary: "forecasting, as http(s)://host:port")
  static let activityIngestURL = ConfigurationKey(
    "SLUICE_ACTIVITY_INGEST_URL", summary: "activity-ingest, as http(s)://host:port")
  static let notifierURL = ConfigurationKey(
    "SLUICE_NOTIFIER_URL", summary: "notifier, as http(s)://host:port")
  static let token = ConfigurationKey(
    "SLUICE_TOKEN", isSecret: true,
    summary:
      "bearer token with the role admin; sluice token --role admin --subject NAME makes one")

  static let all = [stageServiceURL, forecastingURL, activityIngestURL, notifierURL, token]
}
