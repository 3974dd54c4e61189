import Contracts
import Synchronization
import Testing

@testable import Sluice

/// Accepts everything at once.
private final class AcceptingChannel: CommandChannel {
  let commands = Mutex<[StageCommand]>([])
  private let answers = Mutex<[CommandResult]>([])

  func open() async throws {}
  func close() async {}

  func send(_ sent: [StageCommand]) async throws {
    commands.withLock { $0 += sent }
    answers.withLock {
      $0 += sent.map {
        CommandResult(
          commandId: $0.id, opportunityId: $0.opportunityId, outcome: .accepted, sequence: 1)
      }
    }
  }

  func results(waiting: Duration) async throws -> [CommandResult] {
    answers.withLock { answers in
      defer { answers = [] }
      return answers
    }
  }
}

@Suite struct ImportTestsLoader {
  private let plan = DemoPlan(seed: 5, deals: 10, now: Instant("2026-05-05T09:00:00Z")!)

  private func loader(_ server: CannedServer, _ channel: AcceptingChannel) -> CommandLoader {
    CommandLoader(
      service: ServiceClient(
        service: "stage-service", baseURL: server.url, token: "the-token", timeout: .seconds(20)),
      delivery: CommandDelivery(channel: channel))
  }

  @Test(.timeLimit(.minutes(1)), arguments: [201, 200])
  func pipelinesFirstThenCommands(status: Int) async throws {
    let server = try CannedServer(status: status)
    let channel = AcceptingChannel()
    let outcome = try await loader(server, channel).load(
      pipelines: plan.pipelines, commands: plan.commands, title: "x")
    #expect(outcome.accepted == plan.commands.count)
    #expect(channel.commands.withLock { $0 } == plan.commands)
    #expect(server.requests.count == 3)
    let first = try #require(server.requests.first)
    #expect(first.hasPrefix("POST /v1/pipelines HTTP/1.1\r\n"))
    #expect(first.contains("Bearer the-token"))
    #expect(first.contains("\"key\":\"software\""))
  }

  @Test(.timeLimit(.minutes(1))) func anotherPipelineOfThatName() async throws {
    let server = try CannedServer(
      status: 409, body: #"{"title":"taken","code":"pipeline-exists"}"#,
      contentType: "application/problem+json")
    let channel = AcceptingChannel()
    let failure = await #expect(throws: OperatorFailure.self) {
      try await loader(server, channel).load(
        pipelines: plan.pipelines, commands: plan.commands, title: "x")
    }
    #expect(failure?.status == .usage)
    #expect(failure?.message.contains("there is a pipeline software already") == true)
    #expect(channel.commands.withLock { $0.isEmpty })
  }

  @Test(.timeLimit(.minutes(1)), arguments: [(401, 2), (403, 2), (503, 3)] as [(Int, Int32)])
  func refusalsStopBeforeAnythingIsSent(status: Int, exit: Int32) async throws {
    let server = try CannedServer(status: status, body: "")
    let channel = AcceptingChannel()
    let refusal = await #expect(throws: ServiceRefusal.self) {
      try await loader(server, channel).load(
        pipelines: plan.pipelines, commands: plan.commands, title: "x")
    }
    #expect(refusal?.status.rawValue == exit)
    #expect(channel.commands.withLock { $0.isEmpty })
  }

  @Test(.timeLimit(.minutes(1))) func answersAreDecoded() async throws {
    let server = try CannedServer(status: 200, body: "[1,2]")
    let client = ServiceClient(service: "forecasting", baseURL: server.url, token: "t")
    #expect(try await client.get("/v1/x?a=b", as: [Int].self) == [1, 2])
    #expect(server.requests.first?.hasPrefix("GET /v1/x?a=b ") == true)
  }
}
