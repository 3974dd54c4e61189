import Foundation
import Glibc
import LocalServers
import Testing

@Suite struct EmbeddedKafkaProcessTests {
  @Test func asksForTopicsAndReadsWhereItListens() async throws {
    try await withTemporaryFolder { folder in
      let program = try script(
        """
        #!/bin/bash
        echo "$@" >\(folder)/arguments
        echo "a library says something" >&2
        echo '{"bootstrapServers":"127.0.0.1:4711","clientSettings":{"a.b":"1"}}'
        trap 'echo joined' USR2
        trap 'echo cut' USR1
        while :; do sleep 0.1; done
        """, in: folder)
      let kafka = try await EmbeddedKafkaProcess(
        executable: program, topics: ["a.v1", "b.v1"], partitions: 3, logPath: "\(folder)/log")
      #expect(kafka.bootstrapServers == "127.0.0.1:4711")
      #expect(kafka.clientSettings == ["a.b": "1"])
      let arguments = try String(contentsOfFile: "\(folder)/arguments", encoding: .utf8)
      #expect(arguments == "--topic a.v1:3 --topic b.v1:3\n")
      kafka.setReachable(false)
      try await waitForLog("cut", in: folder)
      kafka.setReachable(true)
      try await waitForLog("joined", in: folder)
      await kafka.stop()
      #expect(!kafka.isRunning)
    }
  }

  @Test func showsWhyItDidNotStart() async throws {
    try await withTemporaryFolder { folder in
      let program = try script("#!/bin/bash\necho 'no port left' >&2; exit 1\n", in: folder)
      let error = await #expect(throws: LocalServerError.self) {
        try await EmbeddedKafkaProcess(
          executable: program, topics: [], logPath: "\(folder)/log")
      }
      #expect(error?.description.contains("no port left") == true)
    }
  }

  private func waitForLog(_ text: String, in folder: String) async throws {
    let found = try await poll(timeout: .seconds(20)) {
      try String(contentsOfFile: "\(folder)/log", encoding: .utf8).contains(text) ? true : nil
    }
    #expect(found == true)
  }

  private func script(_ text: String, in folder: String) throws -> String {
    let path = "\(folder)/program"
    _ = FileManager.default.createFile(
      atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o755])
    return path
  }
}

@Suite struct KafkaInstallationTests {
  @Test func refusesAFolderWithoutKafka() async throws {
    let error = #expect(throws: LocalServerError.self) { try KafkaInstallation(home: "/nowhere") }
    #expect(error?.description.contains("KAFKA_HOME=/nowhere") == true)
  }
}
