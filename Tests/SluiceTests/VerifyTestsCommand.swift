import Testing

@testable import Sluice

/// What the shell sees of `sluice verify` and its siblings.
@Suite struct VerifyCommandTests {
  @Test(
    "arguments that are refused",
    arguments: [
      ["verify", "--wait", "-1"], ["verify", "--wait", "soon"], ["verify", "--format", "xml"],
      ["topics", "ensure", "--replication-factor", "0"], ["topics", "drop"],
      ["offsets", "set", "--group", "forecasting"],
      [
        "offsets", "set", "--group", "forecasting", "--topic", "t", "--partition", "0",
        "--offset", "middle",
      ],
      ["report", "funnel"], ["report", "funnel", "--pipeline", "p", "--as-of", "yesterday"],
      ["token"], ["lag", "--format", "yaml"],
    ]) func refused(_ arguments: [String]) async
  {
    #expect(await SluiceCommand.run(arguments) == .usage)
  }

  @Test(
    "help", arguments: [["verify"], ["topics", "ensure"], ["lag"], ["offsets", "set"], ["token"]])
  func help(_ arguments: [String]) async {
    #expect(await SluiceCommand.run(arguments + ["--help"]) == .well)
  }
}
