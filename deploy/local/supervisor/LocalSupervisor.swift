import ArgumentParser
import Foundation
import Glibc
import LocalServers

/// Runs an installation on this machine until it is told to end; `deploy/local/up` starts it.
@main
struct LocalSupervisor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "local-supervisor",
    abstract: "Runs PostgreSQL, Kafka and the services of Sluice on this machine.")

  @Option(help: "The folder of the executables.")
  var bin: String

  @Option(help: "The folder for run.json, logs and data that does not outlast a stop.")
  var state: String

  @Option(help: "The folder for data that outlasts a stop; needs a real Kafka.")
  var data: String?

  @Flag(inversion: .prefixedNo, help: "Load the demo.")
  var demo = true

  @Flag(help: "Let go of the terminal once everything is ready.")
  var detach = false

  func run() async throws {
    // A terminal that went away is no reason to end.
    signal(SIGPIPE, SIG_IGN)
    let signals = terminationSignals()
    do {
      let installation = try makeInstallation()
      let work = Task { try await serve(installation) }
      let watch = Task {
        for await _ in signals {
          installation.console.say("Stopping")
          work.cancel()
          return
        }
      }
      let outcome = await work.result
      let isStopped = work.isCancelled
      watch.cancel()
      if case .failure(let error) = outcome, !isStopped { installation.console.say("\(error)") }
      await installation.stop()
      installation.console.say("Everything has stopped")
      if !isStopped { throw ExitCode.failure }
    } catch let error as LocalServerError {
      try? Console(logPath: nil).say("\(error)")
      throw ExitCode.failure
    }
  }

  /// Refuses what cannot work before anything is started.
  private func makeInstallation() throws -> Installation {
    let environment = ProcessInfo.processInfo.environment
    let kafka = try KafkaPlan.choose(environment: environment, dataDirectory: data)
    if case .kafkaHome(let home) = kafka { _ = try KafkaInstallation(home: home) }
    let state = try StateDirectory(state)
    try state.lock()
    state.rotateLogs(ServiceDescription.all.map(\.name) + ["kafka", "up", "webhooks"])
    return Installation(
      .init(
        bin: URL(filePath: bin).standardizedFileURL.path, state: state,
        dataDirectory: data.map { URL(filePath: $0).standardizedFileURL.path }
          ?? kafka.dataDirectory(in: state.path),
        kafka: kafka, environment: environment),
      console: try Console(logPath: detach ? state.log("up") : nil))
  }

  /// Returns by an error only; cancelling is the way to end it.
  private func serve(_ installation: Installation) async throws {
    try await installation.start()
    try await withThrowingTaskGroup { group in
      group.addTask { try await installation.supervise() }
      group.addTask {
        if demo { try await installation.loadDemo() }
        await installation.showSummary(demo: demo)
        if detach { installation.console.detach() }
      }
      try await group.waitForAll()
    }
  }
}
