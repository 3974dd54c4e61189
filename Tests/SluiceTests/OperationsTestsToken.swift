import ArgumentParser
import Foundation
import ServiceKit
import Testing

@testable import Sluice

@Suite struct OperationsTokenTests {
  private let folder = FileManager.default.temporaryDirectory
    .appending(path: "sluice-token-\(UUID().uuidString)")
  private var keyFile: String { folder.appending(path: "jwt.key").path }

  private func run(_ arguments: String..., environment: [String: String] = [:]) throws -> String {
    let command = try TokenCommand.parse(arguments)
    return try command.answer(OperatorContext(environment: environment))
  }

  private func withFolder(_ body: () async throws -> Void) async throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body()
  }

  @Test func aTokenIsBelievedByTheServices() async throws {
    try await withFolder {
      let environment = [
        "SLUICE_JWT_KEY_FILE": keyFile, "SLUICE_ISSUER": "here", "SLUICE_AUDIENCE": "there",
      ]
      _ = try run("--create-key", environment: environment)
      let mode = try FileManager.default.attributesOfItem(atPath: keyFile)[.posixPermissions]
      #expect((mode as? NSNumber)?.intValue == 0o600)
      let token = try run(
        "--role", "rep", "--role", "manager", "--subject", "ann", "--days", "2",
        environment: environment)
      func principal(after seconds: Double) async throws -> Principal {
        try await Authenticator(
          TokenConfiguration(source: .keyFile(keyFile), issuer: "here", audience: "there"),
          now: { Date(timeIntervalSinceNow: seconds) }
        ).principal(bearer: token)
      }
      let principal = try await principal(after: 86_400)
      #expect(principal.subject == "ann")
      #expect(principal.roles == [.rep, .manager])
      await #expect(throws: AuthenticationFailure.self) {
        _ = try await Authenticator(
          TokenConfiguration(source: .keyFile(keyFile), issuer: "here", audience: "there"),
          now: { Date(timeIntervalSinceNow: 3 * 86_400) }
        ).principal(bearer: token)
      }
    }
  }

  @Test func theDefaultsAreThoseOfTheServices() async throws {
    try await withFolder {
      _ = try run("--create-key", "--key-file", keyFile)
      let token = try run("--role", "viewer", "--subject", "bob", "--key-file", keyFile)
      let principal = try await Authenticator(TokenConfiguration(source: .keyFile(keyFile)))
        .principal(bearer: token)
      #expect(principal.roles == [.viewer])
    }
  }

  @Test func aKeyIsNeverOverwritten() async throws {
    try await withFolder {
      _ = try run("--create-key", "--key-file", keyFile)
      let failure = #expect(throws: OperatorFailure.self) {
        try run("--create-key", "--key-file", keyFile)
      }
      #expect(failure?.status == .usage)
    }
  }

  @Test func withoutAKeyTheErrorSaysHowToGetOne() {
    let missing = #expect(throws: OperatorFailure.self) {
      try run("--role", "rep", "--subject", "a")
    }
    #expect(missing?.message.contains("SLUICE_JWT_KEY_FILE") == true)
    let unreadable = #expect(throws: OperatorFailure.self) {
      try run("--role", "rep", "--subject", "a", "--key-file", keyFile)
    }
    #expect(unreadable?.message.contains("--create-key --key-file \(keyFile)") == true)
  }

  @Test(
    "arguments that are refused",
    arguments: [
      ["--subject", "a"], ["--role", "rep"], ["--role", "king", "--subject", "a"],
      ["--role", "rep", "--subject", "a", "--days", "0"], ["--role", "rep", "--subject", ""],
    ]) func refused(_ arguments: [String])
  {
    #expect(throws: (any Error).self) { try TokenCommand.parse(arguments) }
  }
}
