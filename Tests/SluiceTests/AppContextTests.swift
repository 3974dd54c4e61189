import Foundation
import Testing

@testable import Sluice

@Suite struct AppContextTests {
  @Test func environmentGoesBeforeRunFile() throws {
    let folder = try TemporaryFolder()
    try folder.write(
      ".local/run.json",
      """
      {"stageService":{"url":"http://127.0.0.1:1/","pid":7},"forecasting":{"url":"http://h:2"},
       "kafka":{"bootstrapServers":"127.0.0.1:9092","kind":"embedded"},
       "postgres":{"url":"postgresql://a@127.0.0.1/x"},
       "operator":{"databaseUrl":"postgresql://o@127.0.0.1/x"},
       "tokens":{"rep":"r","admin":"secret"}}
      """)
    let context = try OperatorContext.load(
      environment: ["KAFKA_BOOTSTRAP_SERVERS": "broker:1", "SLUICE_FORECASTING_URL": ""],
      workingDirectory: folder.path)
    #expect(try context.bootstrapServers == "broker:1")
    #expect(try context.stageServiceURL == "http://127.0.0.1:1")
    #expect(try context.forecastingURL == "http://h:2")
    #expect(try context.databaseURL == "postgresql://o@127.0.0.1/x")
    #expect(try context.token == "secret")
    #expect(try context.topicPrefix == "sluice.")
    #expect(try context.schemaPrefix == "")
    #expect(context.issuer == "sluice")
  }

  @Test func runFileOfAFolderAbove() throws {
    let folder = try TemporaryFolder()
    try folder.write(".local/run.json", #"{"kafka":{"bootstrapServers":"up:1"}}"#)
    try folder.write("a/b/file", "")
    let context = try OperatorContext.load(
      environment: [:], workingDirectory: folder.path + "/a/b")
    #expect(try context.bootstrapServers == "up:1")
  }

  @Test func brokenRunFileSaysWhichFile() throws {
    let folder = try TemporaryFolder()
    try folder.write(".local/run.json", "{")
    let failure = try #require(throws: OperatorFailure.self) {
      try OperatorContext.load(environment: [:], workingDirectory: folder.path)
    }
    #expect(failure.status == .usage)
    #expect(failure.message.contains("/.local/run.json cannot be read"))
  }

  @Test(arguments: [
    "KAFKA_BOOTSTRAP_SERVERS", "SLUICE_DATABASE_URL", "SLUICE_STAGE_SERVICE_URL",
    "SLUICE_FORECASTING_URL", "SLUICE_TOKEN", "SLUICE_JWT_KEY_FILE",
  ])
  func missingValueNamesItsVariable(name: String) throws {
    let context = OperatorContext(environment: [:])
    let failure = try #require(throws: OperatorFailure.self) {
      switch name {
      case "KAFKA_BOOTSTRAP_SERVERS": try context.bootstrapServers
      case "SLUICE_DATABASE_URL": try context.databaseURL
      case "SLUICE_STAGE_SERVICE_URL": try context.stageServiceURL
      case "SLUICE_FORECASTING_URL": try context.forecastingURL
      case "SLUICE_TOKEN": try context.token
      default: try context.jwtKeyFile
      }
    }
    #expect(failure.status == .usage)
    #expect(failure.message.hasPrefix("set \(name) ("))
    #expect(failure.message.contains("deploy/local/up"))
  }

  @Test func malformedValuesAreRefused() {
    let context = OperatorContext(environment: [
      "SLUICE_STAGE_SERVICE_URL": "localhost", "SLUICE_SCHEMA_PREFIX": "Ä",
    ])
    #expect(throws: OperatorFailure.self) { try context.stageServiceURL }
    #expect(throws: (any Error).self) { try context.schemaPrefix }
  }

  @Test func kafkaSettingsPassThrough() {
    let context = OperatorContext(environment: ["SLUICE_KAFKA_CONF_SASL_USERNAME": "me"])
    #expect(context.kafkaSettings == ["sasl.username": "me"])
  }
}
