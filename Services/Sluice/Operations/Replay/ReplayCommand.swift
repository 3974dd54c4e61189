import ArgumentParser
import Contracts

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Writes the history of all deals into a topic of its own.",
    discussion: """
      Old events are never published again into stage-changes.v1. Who needs them where Kafka no \
      longer holds them reads them from stage-changes-replay-<id>.v1, which this writes from \
      stage-service's history: the same messages, by deal in the same order, on as many partitions. \
      sluice rebuild does it by itself.

      A replay that was interrupted is begun anew under another id; remove what it left.

      Examples:
        sluice replay
        sluice replay --id for-the-warehouse --format json
        sluice replay --delete --id for-the-warehouse

      Exit codes: 0 written, 2 there is such a topic already, 3 a service, the database or Kafka \
      cannot be reached.
      """)

  @Option(help: "Part of the topic's name; without it one that no other has.")
  var id: String?

  @Option(help: ArgumentHelp("Begin behind this cursor of GET /v1/events.", valueName: "cursor"))
  var since: String?

  @Flag(help: "Remove the topic of the replay --id instead.")
  var delete = false

  @OptionGroup var output: FormatOption

  func validate() throws {
    if let id, id.wholeMatch(of: /[A-Za-z0-9._-]{1,80}/) == nil {
      throw ValidationError("--id is \(id); it must be letters, digits, dot, _ and -, 80 at most")
    }
    if delete, id == nil { throw ValidationError("--delete needs the --id of the replay") }
    if delete, since != nil { throw ValidationError("--delete and --since exclude each other") }
  }

  func run() async throws {
    let context = try OperatorContext.load()
    let id = id ?? HistoryReplay.newID(now: .now())
    try await context.withDatabase(schema: "stage_service") { stageService in
      let replay = try HistoryReplay(context, stageService: stageService)
      if delete { return try await remove(id, replay) }
      let report = try await replay.writeWithProgress(id: id, after: since)
      try output.show(report) { report.text() }
    }
  }

  private func remove(_ id: String, _ replay: HistoryReplay) async throws {
    let isGone = try await replay.delete(id: id)
    guard isGone else { throw OperatorFailure.usage("there is no topic of a replay \(id)") }
    try output.show(["deleted": id]) { "the topic of the replay \(id) is gone" }
  }
}

extension HistoryReplay {
  /// With a bar on a terminal.
  func writeWithProgress(id: String, after: String? = nil) async throws -> ReplayReport {
    var bar: ProgressBar?
    defer { bar?.finish() }
    return try await write(id: id, after: after) { done, total in
      if bar == nil { bar = ProgressBar("Writing the history", total: total) }
      bar?.update(min(done, total))
    }
  }
}
