import Foundation
import Logging
import Testing

@testable import LocalServers

@Suite(.enabled(if: ProcessInfo.processInfo.environment["KAFKA_HOME"] != nil))
struct PrivateKafkaTests {
  @Test func survivesKillAndRestart() async throws {
    let home = try #require(ProcessInfo.processInfo.environment["KAFKA_HOME"])
    let kafka = try await PrivateKafka.start(
      KafkaInstallation(home: home), logger: Logger(label: "test"))
    let address = kafka.bootstrapServers
    let first = kafka.processID
    try await kafka.kill9()
    #expect(!kafka.isRunning)
    try await kafka.restart()
    #expect(kafka.processID != first)
    #expect(kafka.bootstrapServers == address)
    await kafka.stop()
    #expect(!kafka.isRunning)
  }
}
