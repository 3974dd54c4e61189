import Contracts
import Foundation
import ServiceKit

/// What `deploy/local/up` wrote into `.local/run.json`; members that a command does not need may
/// be absent.
struct LocalInstallation: Decodable {
  struct Endpoint: Decodable { var url: String? }
  struct Kafka: Decodable { var bootstrapServers: String? }
  struct Postgres: Decodable { var url: String? }
  struct Tokens: Decodable { var admin: String? }
  struct Operator: Decodable {
    var databaseUrl: String?
    var jwtKeyFile: String?
  }

  var stageService: Endpoint?
  var forecasting: Endpoint?
  var activityIngest: Endpoint?
  var notifier: Endpoint?
  var kafka: Kafka?
  var postgres: Postgres?
  var tokens: Tokens?
  var `operator`: Operator?

  /// The same by the names of the environment.
  var settings: [String: String] {
    let values: [(ConfigurationKey, String?)] = [
      (ConfigurationKeys.kafkaBootstrapServers, kafka?.bootstrapServers),
      (ConfigurationKeys.databaseURL, `operator`?.databaseUrl ?? postgres?.url),
      (ConfigurationKeys.jwtKeyFile, `operator`?.jwtKeyFile),
      (OperatorKeys.stageServiceURL, stageService?.url),
      (OperatorKeys.forecastingURL, forecasting?.url),
      (OperatorKeys.activityIngestURL, activityIngest?.url),
      (OperatorKeys.notifierURL, notifier?.url),
      (OperatorKeys.token, tokens?.admin),
    ]
    return values.reduce(into: [:]) { settings, pair in
      if let value = pair.1, !value.isEmpty { settings[pair.0.name] = value }
    }
  }

  /// The file of the working directory or of the nearest folder above it; nil when there is none.
  static func find(from workingDirectory: String) throws -> LocalInstallation? {
    var folder = URL(fileURLWithPath: workingDirectory).standardizedFileURL
    while true {
      let file = folder.appendingPathComponent(".local/run.json")
      if FileManager.default.fileExists(atPath: file.path) { return try read(file) }
      let parent = folder.deletingLastPathComponent()
      if parent.path == folder.path { return nil }
      folder = parent
    }
  }

  private static func read(_ file: URL) throws -> LocalInstallation {
    do {
      return try JSONDecoder().decode(LocalInstallation.self, from: Data(contentsOf: file))
    } catch {
      throw OperatorFailure.usage(
        "\(file.path) cannot be read (\(JSONCoding.explain(error))); deploy/local/up writes it")
    }
  }
}
