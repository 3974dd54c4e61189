import Contracts
import Synchronization
import Testing

@testable import Sluice

/// A stage-service that answers from memory.
private final class FakeChannel: CommandChannel {
  struct State {
    var answers: [CommandResult] = []
    var largestBacklog = 0
    var sent = 0
    var isOpen = false
    var closed = 0
  }

  let state = Mutex(State())
  let perPoll: Int
  let answer: @Sendable (StageCommand) -> CommandResult?

  init(perPoll: Int = .max, answer: @escaping @Sendable (StageCommand) -> CommandResult?) {
    self.perPoll = perPoll
    self.answer = answer
  }

  func open() async throws { state.withLock { $0.isOpen = true } }

  func send(_ commands: [StageCommand]) async throws {
    state.withLock { state in
      #expect(state.isOpen)
      state.sent += commands.count
      state.answers += commands.compactMap(answer)
      state.largestBacklog = max(state.largestBacklog, state.answers.count)
    }
  }

  func results(waiting: Duration) async throws -> [CommandResult] {
    state.withLock { state in
      let results = Array(state.answers.prefix(perPoll))
      state.answers.removeFirst(results.count)
      return results
    }
  }

  func close() async { state.withLock { $0.closed += 1 } }
}

@Suite struct ImportTestsDelivery {
  private func commands(_ count: Int) -> [StageCommand] {
    (0..<count).map { number in
      let identity = ImportIdentity(source: "t", externalId: "\(number)")
      return StageCommand(
        id: identity.command(0, at: nil), opportunityId: identity.opportunity(at: nil),
        action: .update(.init()))
    }
  }

  private static func accepted(_ command: StageCommand, duplicate: Bool = false) -> CommandResult {
    CommandResult(
      commandId: command.id, opportunityId: command.opportunityId, outcome: .accepted, sequence: 1,
      duplicate: duplicate)
  }

  private static let refusal = GateFailure(
    code: "unknown-stage", pointer: "/to", message: LocalizedText(zh: "没有", en: "no such stage"))

  @Test func countsWhatBecameOfEach() async throws {
    let commands = commands(10)
    let channel = FakeChannel { [commands] command in
      switch commands.firstIndex(of: command) ?? 0 {
      case 0..<3: ImportTestsDelivery.accepted(command, duplicate: true)
      case 3:
        CommandResult(
          commandId: command.id, opportunityId: command.opportunityId, outcome: .refused,
          sequence: nil, errors: [ImportTestsDelivery.refusal])
      case 4:
        CommandResult(
          commandId: command.id, opportunityId: command.opportunityId, outcome: .accepted,
          sequence: 2, errors: [ImportTestsDelivery.refusal])
      default: ImportTestsDelivery.accepted(command)
      }
    }
    var progress: [Int] = []
    let outcome = try await CommandDelivery(channel: channel).deliver(commands) {
      progress.append($0)
    }
    #expect(outcome.accepted == 6 && outcome.alreadyThere == 3 && outcome.withViolations == 1)
    #expect(outcome.refused.map(\.reasons) == [["unknown-stage: no such stage"]])
    #expect(!outcome.changedNothing)
    #expect(progress.last == 10)
    #expect(channel.state.withLock { $0.closed } == 1)
    #expect(outcome.refusalTable()?.contains("no such stage") == true)
  }

  @Test func neverMoreUnderWayThanTheWindow() async throws {
    let channel = FakeChannel(perPoll: 7) { ImportTestsDelivery.accepted($0) }
    let delivery = CommandDelivery(channel: channel, batch: 10, window: 30)
    let outcome = try await delivery.deliver(commands(205))
    #expect(outcome.accepted == 205)
    #expect(channel.state.withLock { $0.largestBacklog } <= 30)
  }

  @Test func resultsOfOthersAndRepeatedResultsDoNotCount() async throws {
    let stranger = commands(3)[2]
    let wanted = Array(commands(2))
    let channel = FakeChannel { $0 == stranger ? nil : ImportTestsDelivery.accepted($0) }
    channel.state.withLock {
      $0.answers = [
        ImportTestsDelivery.accepted(stranger), ImportTestsDelivery.accepted(wanted[0]),
      ]
    }
    let outcome = try await CommandDelivery(channel: channel).deliver(wanted)
    #expect(outcome.accepted == 2)
  }

  @Test func missingResultsAreUnavailableAndSayHowMany() async throws {
    let commands = commands(5)
    let first = commands[0].id
    let channel = FakeChannel { $0.id == first ? ImportTestsDelivery.accepted($0) : nil }
    let delivery = CommandDelivery(channel: channel, patience: .milliseconds(50))
    let failure = await #expect(throws: OperatorFailure.self) {
      try await delivery.deliver(commands)
    }
    #expect(failure?.status == .unavailable)
    #expect(failure?.message.hasPrefix("4 of 5 commands sent have no result yet") == true)
    #expect(failure?.message.contains("safe") == true)
    #expect(channel.state.withLock { $0.closed } == 1)
  }

  @Test func nothingToDo() async throws {
    let channel = FakeChannel { ImportTestsDelivery.accepted($0) }
    let outcome = try await CommandDelivery(channel: channel).deliver([])
    #expect(outcome.changedNothing)
    #expect(!channel.state.withLock { $0.isOpen })
  }
}

@Suite struct ImportTestsReport {
  private let bad = "A1,Ann,GTX,Acme,Won,05/01/2023,2023-02-07,1\n"

  @Test func blockedReportShowsEveryLineAndTheWayOut() throws {
    var report = ImportReport(plan: try ImportTestsFlat.plan(bad), isDryRun: false)
    report.isBlocked = true
    let text = report.text()
    #expect(text.contains("deals.csv     2  engage_date is \"05/01/2023\""))
    #expect(text.contains("--skip-bad"))
    #expect(report.badRows == 1)
    #expect(!text.contains("commands"))
    let json = try OutputFormat.json(report)
    #expect(json.contains("\"kind\" : \"bad-date\"") && json.contains("\"blocked\" : true"))
  }

  @Test func wholeFileProblemsOfferNoSkipping() throws {
    var report = ImportReport(plan: try ImportTestsFlat.plan(""), isDryRun: false)
    report.isBlocked = true
    #expect(!report.text().contains("--skip-bad"))
  }

  @Test func aRepeatSaysThatNothingChanged() throws {
    let rows = "A1,Ann,GTX,Acme,Won,2023-01-05,2023-02-07,\n"
    var report = ImportReport(plan: try ImportTestsFlat.plan(rows), isDryRun: false)
    report.result = DeliveryOutcome(alreadyThere: 2)
    #expect(report.text().contains("Nothing changed"))
    #expect(report.text().contains("no amount"))
    report.result = DeliveryOutcome(accepted: 1, alreadyThere: 1)
    #expect(!report.text().contains("Nothing changed"))
  }

  @Test func dryRunSaysSo() throws {
    let report = ImportReport(plan: try ImportTestsFlat.plan(bad), isDryRun: true)
    #expect(report.text().contains("A dry run: nothing was written."))
    #expect(report.text().contains("Left out with these rows: 1 deals."))
  }
}
