import ArgumentParser
import Foundation
import Testing

@testable import Sluice

@Suite struct AppTestsOutput {
  @Test func tableAlignsWideCharacters() {
    var table = TextTable([.left("stage"), .right("count")])
    table.add("初步接触", "31")
    table.add("lost", "1200")
    #expect(
      table.render() == """
        stage     count
        ────────  ─────
        初步接触     31
        lost       1200
        """)
  }

  @Test func missingCellsAreEmpty() {
    var table = TextTable([.left("a"), .left("b")])
    table.add("x")
    #expect(table.render().hasSuffix("\nx"))
  }

  @Test func controlCharactersDoNotReachTheTerminal() {
    var table = TextTable([.left("a"), .left("b")])
    table.add("two\r\nlines", "\u{1B}[31mred")
    #expect(table.render().hasSuffix("\ntwo lines   [31mred"))
  }

  @Test func widths() {
    #expect(TextWidth.of("abc") == 3)
    #expect(TextWidth.of("商机，ok") == 8)
    #expect(TextWidth.of("é") == 1)
    #expect(TextWidth.of("🙂") == 2)
  }

  @Test func progressLine() {
    #expect(
      ProgressBar.line("Importing", done: 50, of: 200, after: 10)
        == "Importing ██████░░░░░░░░░░░░░░░░░░ 25% 50/200  5/s  30 s left")
    #expect(ProgressBar.line("x", done: 200, of: 200, after: 0).hasSuffix("100% 200/200"))
    #expect(ProgressBar.line("x", done: 1, of: 7201, after: 1).hasSuffix("2 h 0 min left"))
    #expect(ProgressBar.line("x", done: 0, of: 0, after: 1).contains("100%"))
  }

  @Test func jsonIsSortedAndReadable() throws {
    #expect(
      try OutputFormat.json(["b": "a/b", "a": "x"]) == "{\n  \"a\" : \"x\",\n  \"b\" : \"a/b\"\n}")
  }
}

@Suite struct AppTestsExitCodes {
  @Test(arguments: [
    ["bogus"], ["import"], ["import", "--mapping"], ["import", "--mapping", "nowhere.yaml"],
    ["import", "--mapping", "flat"], ["load", "demo", "--deals", "0"],
    ["load", "demo", "--until", "today"], ["import", "--mapping", "flat", "--format", "xml"],
  ])
  func usage(arguments: [String]) async {
    #expect(await SluiceCommand.run(arguments) == .usage)
  }

  @Test(arguments: [["--help"], ["import", "--help"], ["load", "demo", "--help"]])
  func help(arguments: [String]) async {
    #expect(await SluiceCommand.run(arguments) == .well)
  }

  @Test func everyCommandTeachesWithAnExample() {
    func check(_ command: any ParsableCommand.Type) {
      let discussion = command.configuration.discussion
      #expect(
        discussion.contains("sluice "), "\(command.configuration.commandName ?? "") has no example")
      for child in command.configuration.subcommands { check(child) }
    }
    check(SluiceCommand.self)
  }

  @Test func badRowsAndDryRuns() async throws {
    let folder = try TemporaryFolder()
    let bad = try folder.write("bad.csv", ImportTestsFlat.header + "A1,,,,Signed,,,\n")
    let good = try folder.write("good.csv", ImportTestsFlat.header + "A1,,,,Won,,,\n")
    let latin = try folder.write("latin.csv", Array("id,caf".utf8) + [0xE9, 0x0A])
    func run(_ file: String, _ more: String...) async -> Sluice.ExitStatus {
      await SluiceCommand.run(["import", "--mapping", "flat", "--opportunities", file] + more)
    }
    #expect(await run(bad, "--dry-run") == .differences)
    #expect(await run(bad, "--dry-run", "--skip-bad") == .well)
    #expect(await run(good, "--dry-run", "--format", "json") == .well)
    #expect(await run(latin, "--skip-bad", "--dry-run") == .differences)
    #expect(await run("/nowhere.csv") == .usage)
    #expect(
      await SluiceCommand.run(["import", "--mapping", "flat", "--print-mapping"]) == .well)
  }
}

@Suite struct AppTestsService {
  private func refusal(_ status: Int, _ body: String) -> ServiceRefusal {
    ServiceRefusal(
      service: "stage-service", path: "/v1/pipelines",
      response: .init(status: status, body: Array(body.utf8)))
  }

  @Test func problemDetailsAreReadable() {
    let refusal = refusal(
      422,
      """
      {"type":"about:blank","title":"Not usable","status":422,"code":"invalid","detail":"two things",
       "errors":[{"code":"x","pointer":"/key","message":{"zh":"不行","en":"must be short"}},
                 {"code":"y"}]}
      """)
    #expect(
      refusal.explanation == """
        stage-service refused /v1/pipelines: 422 Not usable: two things
          /key: must be short
          y
        """)
    #expect(refusal.status == .usage && refusal.code == "invalid")
  }

  @Test func otherAnswers() {
    #expect(refusal(500, "<html>").explanation == "stage-service refused /v1/pipelines: 500")
    #expect(refusal(503, "").status == .unavailable)
    #expect(refusal(429, "").status == .unavailable)
    #expect(refusal(401, "").explanation.contains("SLUICE_TOKEN"))
    #expect(refusal(403, "").explanation.contains("role"))
  }

  @Test(.timeLimit(.minutes(1))) func unreachableServiceIsUnavailable() async throws {
    let client = ServiceClient(
      service: "stage-service", baseURL: "http://127.0.0.1:1", token: "x", timeout: .seconds(20))
    let failure = await #expect(throws: OperatorFailure.self) {
      try await client.get("/v1/pipelines", as: [String].self)
    }
    #expect(failure?.status == .unavailable)
    #expect(
      failure?.message.contains("stage-service at http://127.0.0.1:1 cannot be reached") == true)
  }

  @Test func unexpectedAnswerSaysWhat() throws {
    let client = ServiceClient(service: "forecasting", baseURL: "http://h", token: "x")
    let failure = #expect(throws: OperatorFailure.self) {
      try client.decode([Int].self, from: .init(status: 200, body: Array("{}".utf8)), "/x")
    }
    #expect(failure?.message.contains("something unexpected") == true)
  }

  @Test func queryValues() {
    #expect(ServiceClient.encode("a b&c=华/+") == "a%20b%26c%3D%E5%8D%8E%2F%2B")
  }
}
