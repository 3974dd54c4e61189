import Foundation
import Logging
import ServiceKit
import Testing

@Suite struct ConfigurationTests {
  static let minimal = [
    "SLUICE_DATABASE_URL": "postgresql://u:geheim@127.0.0.1:5432/d",
    "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9092,kafka-2:9092",
    "SLUICE_JWKS_URL": "https://id.example/jwks",
  ]

  @Test func defaultsHoldWhereNothingIsSet() throws {
    let configuration = try ServiceConfiguration(
      service: "stage-service", environment: Self.minimal)
    #expect(configuration.topicPrefix == "sluice.")
    #expect(configuration.schemaPrefix == "")
    #expect(configuration.httpAddress == ListenAddress(host: "127.0.0.1", port: 8080))
    #expect(configuration.adminAddress.port == 8081)
    #expect(configuration.logLevel == .info)
    #expect(configuration.databaseConnections == 8)
    #expect(configuration.instanceID == nil)
    #expect(configuration.rateLimit == 1_000)
    #expect(!configuration.webhookPrivateAddressesAllowed)
    #expect(configuration.tokens.issuer == "sluice")
    #expect(
      configuration.tokens.source == .jwks(try #require(URL(string: "https://id.example/jwks"))))
    #expect(configuration.consumerGroup == "sluice-stage-service")
    #expect(configuration.unknownVariables.isEmpty)
  }

  @Test func everythingCanBeSet() throws {
    var environment = Self.minimal
    environment["SLUICE_HTTP_ADDRESS"] = "[::1]:0"
    environment["SLUICE_LOG_LEVEL"] = "DEBUG"
    environment["SLUICE_INSTANCE_ID"] = "forecasting-3"
    environment["SLUICE_KAFKA_CONF_SASL_USERNAME"] = "app"
    environment["SLUICE_HTP_ADDRESS"] = "misspelt"
    environment["SLUICE_ISSUER"] = ""
    environment["SLUICE_RATE_LIMIT"] = "0.5"
    environment["SLUICE_WEBHOOK_PRIVATE_ADDRESSES"] = "allow"
    environment["SLUICE_REMINDER_GRACE"] = "2.5"
    environment["SLUICE_CONSUMER_WORKERS"] = "4"
    let configuration = try ServiceConfiguration(service: "x", environment: environment)
    #expect(configuration.httpAddress.description == "[::1]:0")
    #expect(configuration.logLevel == .debug)
    #expect(configuration.instanceID == "forecasting-3")
    #expect(configuration.kafkaSettings == ["sasl.username": "app"])
    #expect(configuration.unknownVariables == ["SLUICE_HTP_ADDRESS"])
    #expect(configuration.tokens.issuer == "sluice", "an empty value counts as unset")
    #expect(configuration.rateLimit == 0.5)
    #expect(configuration.webhookPrivateAddressesAllowed)
    #expect(configuration.reminderGrace == 2.5)
    #expect(configuration.consumerWorkers == 4)
  }

  @Test func allProblemsAreListedAtOnceWithoutSecrets() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try ServiceConfiguration(
        service: "x",
        environment: [
          "SLUICE_DATABASE_URL": "mysql://u:geheim@h/d", "KAFKA_BOOTSTRAP_SERVERS": "kafka",
          "SLUICE_HTTP_ADDRESS": "localhost:99999", "SLUICE_ADMIN_ADDRESS": ":9090",
          "SLUICE_LOG_LEVEL": "loud", "SLUICE_TOPIC_PREFIX": "a b",
          "SLUICE_SCHEMA_PREFIX": "Über", "SLUICE_INSTANCE_ID": "a/b",
          "SLUICE_JWKS_URL": "ftp://id", "SLUICE_JWT_KEY_FILE": "/nowhere/key",
          "SLUICE_DATABASE_CONNECTIONS": "0", "SLUICE_RATE_LIMIT": "fast",
          "SLUICE_WEBHOOK_PRIVATE_ADDRESSES": "yes", "SLUICE_REMINDER_GRACE": "-1",
          "SLUICE_CONSUMER_WORKERS": "0",
        ])
    }
    #expect(
      Set(error.problems.map(\.variable)) == [
        "SLUICE_DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "SLUICE_HTTP_ADDRESS",
        "SLUICE_ADMIN_ADDRESS", "SLUICE_LOG_LEVEL", "SLUICE_TOPIC_PREFIX", "SLUICE_SCHEMA_PREFIX",
        "SLUICE_INSTANCE_ID", "SLUICE_JWKS_URL", "SLUICE_JWT_KEY_FILE",
        "SLUICE_DATABASE_CONNECTIONS", "SLUICE_RATE_LIMIT", "SLUICE_WEBHOOK_PRIVATE_ADDRESSES",
        "SLUICE_REMINDER_GRACE", "SLUICE_CONSUMER_WORKERS",
      ])
    let text = error.description
    #expect(!text.contains("geheim"))
    #expect(text.contains("SLUICE_HTTP_ADDRESS is \"localhost:99999\": must be host:port"))
    #expect(text.contains("must not be set together with SLUICE_JWKS_URL"))
  }

  @Test(arguments: [
    ("0", nil as Double?, true), ("0.01", 0.01, true), ("1e3", 1_000, true),
    ("1000000", 1_000_000, true), ("0.001", nil, false), ("-1", nil, false), ("nan", nil, false),
    ("inf", nil, false), ("1000001", nil, false), ("10/s", nil, false),
  ])
  func rateLimits(_ text: String, _ limit: Double?, _ isUsable: Bool) throws {
    var environment = Self.minimal
    environment["SLUICE_RATE_LIMIT"] = text
    let configuration = try? ServiceConfiguration(service: "x", environment: environment)
    #expect((configuration != nil) == isUsable)
    #expect(configuration?.rateLimit == limit)
  }

  @Test func whatMustBeSetIsNamed() throws {
    let error = try #require(throws: ConfigurationError.self) {
      try ServiceConfiguration(service: "x", environment: [:])
    }
    #expect(
      error.problems.map(\.variable) == [
        "SLUICE_DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "SLUICE_JWKS_URL",
      ])
  }

  @Test func everyKeyIsDeclaredOnce() {
    let names = ConfigurationKeys.all.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(ConfigurationKeys.all.allSatisfy { !$0.summary.isEmpty && !$0.summary.contains("\n") })
  }

  @Test(arguments: [
    ("127.0.0.1:0", true), ("example.org:65535", true), ("[fe80::1]:80", true), ("h:", false),
    (":80", false), ("h:-1", false), ("h:+1", false), ("h:65536", false), ("::1:80", false),
    ("h:80:90", false), ("a b:80", false), ("", false),
  ])
  func addresses(_ text: String, _ isValid: Bool) {
    #expect((ListenAddress(text) != nil) == isValid)
    if isValid { #expect(ListenAddress(text)?.description == text) }
  }
}
