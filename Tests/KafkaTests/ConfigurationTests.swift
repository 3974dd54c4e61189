import Kafka
import Testing

@Suite struct ConfigurationTests {
  @Test func environmentNamesBecomeLibrdkafkaNames() {
    let overrides = KafkaConfiguration.overrides(from: [
      "SLUICE_KAFKA_CONF_SECURITY_PROTOCOL": "sasl_ssl",
      "SLUICE_KAFKA_CONF_SASL_USERNAME": "Alice_B",
      "SLUICE_KAFKA_CONF_": "nothing",
      "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
    ])
    #expect(overrides == ["security.protocol": "sasl_ssl", "sasl.username": "Alice_B"])
  }

  @Test func anUnknownSettingIsNamed() throws {
    let error = refusal(["no.such.setting": "1"])
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.reason.contains("\"no.such.setting\"") == true)
  }

  @Test func aWrongValueIsExplained() throws {
    let error = refusal(["security.protocol": "carrier-pigeon"])
    #expect(error?.code == .invalidConfiguration)
    #expect(error?.reason.contains("security.protocol") == true)
    #expect(error?.reason.contains("carrier-pigeon") == true)
  }

  @Test func aSettingThatBelongsToTheApplicationIsRefused() throws {
    for name in ["enable.auto.commit", "group.id", "transactional.id"] {
      let error = refusal([name: "x"])
      #expect(error?.code == .invalidConfiguration)
      #expect(error?.reason.contains(name) == true)
    }
  }

  @Test func secretsDoNotShow() throws {
    let secret = "hunter2-secret"
    let error = refusal([
      "security.protocol": "ssl", "ssl.key.pem": secret, "ssl.key.password": secret,
    ])
    #expect(error != nil)
    #expect(error?.description.contains(secret) == false)
  }

  @Test func anAliasDoesNotFightOurDefault() async throws {
    let producer = try KafkaProducer(
      KafkaConfiguration(
        bootstrapServers: "127.0.0.1:1", clientID: "test",
        overrides: ["compression.codec": "none", "queue.buffering.max.ms": "1"]),
      logger: logger)
    await producer.close(within: .seconds(5))
  }

  @Test func tokensOfOAuthBearerAreFetchedWithoutPolling() async throws {
    let admin = try KafkaAdmin(
      KafkaConfiguration(
        bootstrapServers: "127.0.0.1:1", clientID: "test",
        overrides: [
          "security.protocol": "sasl_plaintext", "sasl.mechanism": "OAUTHBEARER",
          "enable.sasl.oauthbearer.unsecure.jwt": "true",
          "sasl.oauthbearer.config": "principal=test",
        ]),
      logger: logger)
    await admin.close(within: .seconds(5))
  }

  private func refusal(_ overrides: [String: String]) -> KafkaError? {
    #expect(throws: KafkaError.self) {
      try KafkaProducer(
        KafkaConfiguration(
          bootstrapServers: "127.0.0.1:1", clientID: "test", overrides: overrides),
        logger: logger)
    }
  }
}
