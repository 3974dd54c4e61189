import Foundation
import LocalServers
import Testing

@testable import LocalSupervisor

@Suite struct BackoffTests {
  @Test func doublesUpToTenSeconds() {
    var backoff = Backoff()
    let delays = (0..<8).map { _ in backoff.delay(after: .seconds(1)) }
    #expect(
      delays == [200, 400, 800, 1600, 3200, 6400, 10000, 10000].map { .milliseconds($0) })
  }

  @Test func beginsAnewForOneThatHadLived() {
    var backoff = Backoff()
    for _ in 0..<5 { _ = backoff.delay(after: .zero) }
    #expect(backoff.delay(after: .seconds(30)) == .milliseconds(200))
    #expect(backoff.delay(after: .zero) == .milliseconds(400))
  }
}

@Suite struct KafkaPlanTests {
  @Test func takesTheFirstThatIsSet() throws {
    let both = ["KAFKA_BOOTSTRAP_SERVERS": "broker:9092", "KAFKA_HOME": "/opt/kafka"]
    #expect(try plan(both) == .external(bootstrapServers: "broker:9092"))
    #expect(try plan(["KAFKA_HOME": "/opt/kafka"]) == .kafkaHome("/opt/kafka"))
    #expect(try plan(["KAFKA_BOOTSTRAP_SERVERS": "", "KAFKA_HOME": ""]) == .embedded)
    #expect(try plan([:]) == .embedded)
  }

  @Test func keptDataNeedsABrokerThatKeepsItsOwn() throws {
    #expect(try plan(["KAFKA_HOME": "/opt/kafka"], data: "/data") == .kafkaHome("/opt/kafka"))
    let error = #expect(throws: LocalServerError.self) { try plan([:], data: "/data") }
    #expect(error?.description.contains("in memory") == true)
  }

  @Test func onlyAnExternalClusterKeepsDataUnasked() {
    let external = KafkaPlan.external(bootstrapServers: "broker:9092")
    #expect(external.dataDirectory(in: "/state") == "/state/data")
    #expect(KafkaPlan.kafkaHome("/opt/kafka").dataDirectory(in: "/state") == nil)
    #expect(KafkaPlan.embedded.dataDirectory(in: "/state") == nil)
  }

  private func plan(_ environment: [String: String], data: String? = nil) throws -> KafkaPlan {
    try KafkaPlan.choose(environment: environment, dataDirectory: data)
  }
}

@Suite struct RunFileTests {
  private let file = RunFile(
    services: [
      "stageService": .init(
        url: "http://127.0.0.1:1", adminUrl: "http://127.0.0.1:2", pid: 3, logPath: "/log")
    ],
    kafka: .init(bootstrapServers: "127.0.0.1:4", kind: "external", pid: nil),
    postgres: .init(url: "postgresql://sluice:x@127.0.0.1:5/sluice", pid: 6),
    webUrl: "http://127.0.0.1:1", tokens: ["rep": "r", "admin": "a"],
    operator: .init(
      databaseUrl: "postgresql://sluice:x@127.0.0.1:5/sluice", jwtKeyFile: "/key"),
    supervisor: .init(pid: 7))

  @Test func hasTheDocumentedForm() throws {
    let expected = """
      {
        "kafka" : {
          "bootstrapServers" : "127.0.0.1:4",
          "kind" : "external"
        },
        "operator" : {
          "databaseUrl" : "postgresql://sluice:x@127.0.0.1:5/sluice",
          "jwtKeyFile" : "/key"
        },
        "postgres" : {
          "pid" : 6,
          "url" : "postgresql://sluice:x@127.0.0.1:5/sluice"
        },
        "stageService" : {
          "adminUrl" : "http://127.0.0.1:2",
          "logPath" : "/log",
          "pid" : 3,
          "url" : "http://127.0.0.1:1"
        },
        "supervisor" : {
          "pid" : 7
        },
        "tokens" : {
          "admin" : "a",
          "rep" : "r"
        },
        "webUrl" : "http://127.0.0.1:1"
      }

      """
    #expect(String(decoding: try file.json(), as: UTF8.self) == expected)
  }

  @Test func theSummaryNamesWhatThereIs() {
    let summary = file.summary(bin: "/bin", runFile: "/run.json", logs: "/logs", demo: false)
    for text in ["stage-service", "http://127.0.0.1:1/v1/templates", "(external)", "sluice lag"] {
      #expect(summary.contains(text))
    }
    #expect(!summary.contains("notifier"))
    let demo = file.summary(bin: "/bin", runFile: "/run.json", logs: "/logs", demo: true)
    for number in 1...5 { #expect(demo.contains("  \(number). ")) }
  }
}

@Suite struct HTTPProbeTests {
  @Test func takesAResponseApart() {
    let answer = HTTPProbe.Answer(
      "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nkaput")
    #expect(answer?.status == 503)
    #expect(answer?.body == "kaput")
    #expect(HTTPProbe.Answer("") == nil)
    #expect(HTTPProbe.Answer("SSH-2.0-OpenSSH") == nil)
  }

  @Test func nobodyThereIsNoAnswer() async throws {
    let port = try LoopbackPort.free()
    #expect(await HTTPProbe.get(port: port, path: "/readyz") == nil)
  }
}

@Suite struct StateDirectoryTests {
  @Test func theKeyIsMadeOnce() async throws {
    try await withTemporaryFolder { folder in
      let state = try StateDirectory(folder)
      try state.ensureKeyFile()
      let key = try String(contentsOfFile: state.keyFile, encoding: .utf8)
      // 32 bytes as base64url without padding.
      #expect(key.count == 43)
      #expect(key.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
      let mode = try FileManager.default.attributesOfItem(atPath: state.keyFile)[.posixPermissions]
      #expect(mode as? Int == 0o600)
      try state.ensureKeyFile()
      #expect(try String(contentsOfFile: state.keyFile, encoding: .utf8) == key)
    }
  }

  @Test func portsStayWhereTheyAreFree() async throws {
    try await withTemporaryFolder { folder in
      let state = try StateDirectory(folder)
      let first = try state.ports(for: ["a", "b"])
      #expect(Set(first.values).count == 2)
      let second = try state.ports(for: ["a", "b", "c"])
      #expect(second["a"] == first["a"])
      #expect(second["b"] == first["b"])
      #expect(Set(second.values).count == 3)
    }
  }

  @Test func oneSupervisorAtATime() async throws {
    try await withTemporaryFolder { folder in
      let state = try StateDirectory(folder)
      try state.lock()
      let error = #expect(throws: LocalServerError.self) { try state.lock() }
      #expect(error?.description.contains("already runs") == true)
    }
  }

  @Test func logsOfTheRunBeforeAreKeptOnce() async throws {
    try await withTemporaryFolder { folder in
      let state = try StateDirectory(folder)
      for run in ["first", "second"] {
        try run.write(toFile: state.log("service"), atomically: true, encoding: .utf8)
        state.rotateLogs(["service", "never-ran"])
      }
      #expect(!FileManager.default.fileExists(atPath: state.log("service")))
      let before = try String(contentsOfFile: state.log("service") + ".1", encoding: .utf8)
      #expect(before == "second")
    }
  }
}
