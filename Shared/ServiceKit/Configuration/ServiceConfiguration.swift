import Foundation
package import Logging

/// What a service reads from its environment, checked.
package struct ServiceConfiguration: Sendable {
  /// The name of the executable, such as `stage-service`.
  package let service: String
  package let databaseURL: String
  package let databaseConnections: Int
  package let schemaPrefix: String
  package let kafkaBootstrapServers: String
  /// librdkafka settings by their own names (`sasl.username`).
  package let kafkaSettings: [String: String]
  package let topicPrefix: String
  /// Batches that the consumer processes at the same time.
  package let consumerWorkers: Int
  package let instanceID: String?
  package let tokens: TokenConfiguration
  package let httpAddress: ListenAddress
  package let adminAddress: ListenAddress
  /// Requests per second that one token may make; nil for no limit.
  package let rateLimit: Double?
  /// Whether webhooks may go to private and loopback addresses.
  package let webhookPrivateAddressesAllowed: Bool
  /// Seconds that an event may take from its deal to the notifier.
  package let reminderGrace: Double
  package let logLevel: Logger.Level
  /// Variables that start with `SLUICE_` and that nothing reads; worth a warning.
  package let unknownVariables: [String]

  package init(
    service: String, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(ConfigurationError) {
    var reader = ConfigurationReader(environment: environment)
    self.service = service
    self.databaseURL = Self.databaseURL(&reader)
    self.databaseConnections =
      reader.value(ConfigurationKeys.databaseConnections, expected: "must be from 1 to 200") {
        Int($0).flatMap { (1...200).contains($0) ? $0 : nil }
      } ?? 1
    self.schemaPrefix = Self.schemaPrefix(&reader)
    self.kafkaBootstrapServers = Self.kafkaBootstrapServers(&reader)
    self.kafkaSettings = reader.kafkaSettings()
    self.topicPrefix = Self.topicPrefix(&reader)
    self.consumerWorkers =
      reader.value(ConfigurationKeys.consumerWorkers, expected: "must be from 1 to 64") {
        Int($0).flatMap { (1...64).contains($0) ? $0 : nil }
      } ?? 2
    self.instanceID = Self.name(ConfigurationKeys.instanceID, &reader)
    self.tokens = TokenConfiguration(reading: &reader)
    self.httpAddress = reader.address(ConfigurationKeys.httpAddress)
    self.adminAddress = reader.address(ConfigurationKeys.adminAddress)
    self.rateLimit = Self.rateLimit(&reader)
    self.webhookPrivateAddressesAllowed =
      reader.value(
        ConfigurationKeys.webhookPrivateAddresses, expected: "must be refuse or allow"
      ) { ["refuse": false, "allow": true][$0] } ?? false
    self.reminderGrace =
      reader.value(ConfigurationKeys.reminderGrace, expected: "must be a number from 0 to 3600") {
        Double($0).flatMap { (0...3_600).contains($0) ? $0 : nil }
      } ?? 60
    self.logLevel =
      reader.value(ConfigurationKeys.logLevel, expected: ConfigurationKeys.logLevel.summary) {
        Logger.Level(rawValue: $0.lowercased())
      } ?? .info
    self.unknownVariables = reader.unknownVariables()
    try reader.finish()
  }

  /// Consumer group of the service; installations that share a cluster have groups of their own.
  package var consumerGroup: String {
    (topicPrefix == ConfigurationKeys.topicPrefix.defaultValue ? "" : topicPrefix)
      + "sluice-\(service)"
  }

  // The command line reads some of these on their own.

  package static func databaseURL(_ reader: inout ConfigurationReader) -> String {
    let url = reader.required(ConfigurationKeys.databaseURL)
    let schemes = ["postgresql://", "postgres://"]
    if !url.isEmpty, !schemes.contains(where: { url.hasPrefix($0) }) {
      reader.refuse(
        ConfigurationKeys.databaseURL, url,
        expected: "must start with postgresql://: \(ConfigurationKeys.databaseURL.summary)")
    }
    return url
  }

  package static func schemaPrefix(_ reader: inout ConfigurationReader) -> String {
    let expected = "must be lower-case letters, digits and _, start with a letter, 30 at most"
    return reader.value(ConfigurationKeys.schemaPrefix, expected: expected) {
      $0.wholeMatch(of: /([a-z][a-z0-9_]{0,29})?/) == nil ? nil : $0
    } ?? ""
  }

  package static func kafkaBootstrapServers(_ reader: inout ConfigurationReader) -> String {
    let key = ConfigurationKeys.kafkaBootstrapServers
    let servers = reader.required(key)
    let parts = servers.split(separator: ",", omittingEmptySubsequences: false)
    let usable = parts.allSatisfy {
      guard let address = ListenAddress($0.trimmingCharacters(in: .whitespaces)) else {
        return false
      }
      return address.port > 0
    }
    if !servers.isEmpty, !usable {
      reader.refuse(key, servers, expected: "must be host:port, several separated by commas")
    }
    return servers
  }

  package static func topicPrefix(_ reader: inout ConfigurationReader) -> String {
    let expected = "must be letters, digits, dot, _ and -, 100 at most"
    return reader.value(ConfigurationKeys.topicPrefix, expected: expected) {
      $0.wholeMatch(of: /[A-Za-z0-9._-]{1,100}/) == nil ? nil : $0
    } ?? ""
  }

  private static func rateLimit(_ reader: inout ConfigurationReader) -> Double? {
    let key = ConfigurationKeys.rateLimit
    let limit = reader.value(key, expected: "must be 0 or a number from 0.01 to 1000000") {
      Double($0).flatMap { $0 == 0 || RateLimiter.rates.contains($0) ? $0 : nil }
    }
    return limit == 0 ? nil : limit
  }

  private static func name(
    _ key: ConfigurationKey, _ reader: inout ConfigurationReader
  ) -> String? {
    reader.value(key, expected: "must be letters, digits, dot, _ and -, 100 at most") {
      $0.wholeMatch(of: /[A-Za-z0-9._-]{1,100}/) == nil ? nil : $0
    }
  }
}
