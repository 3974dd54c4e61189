import Foundation
import Hummingbird
import NIOCore
import ServiceKit
import ServiceLifecycle
import Synchronization
import Testing

@Suite struct LifecycleTests {
  @Test func shutdownFinishesTheRequestInFlight() async throws {
    let arrived = AsyncStream<Void>.makeStream()
    let release = AsyncStream<Void>.makeStream()
    let router = makeServiceRouter()
    router.get("slow") { _, _ in
      arrived.continuation.finish()
      for await _ in release.stream {}
      return "done"
    }
    let bound = Bound()
    let server = HTTPServer(
      address: ListenAddress(host: "127.0.0.1", port: 0), router: router, logger: quiet,
      onServerRunning: bound.report)
    let hasEnded = Mutex(false)
    let group = ServiceGroup(configuration: .init(services: [server], logger: quiet))
    let end = Task {
      try await group.run()
      hasEnded.withLock { $0 = true }
    }
    let url = try await bound.url
    async let answer = fetch(url + "/slow")
    for await _ in arrived.stream {}
    await group.triggerGracefulShutdown()
    let address = try #require(ListenAddress(String(url.dropFirst("http://".count))))
    try await eventually("new connections are refused") { !accepts(port: address.port) }
    #expect(hasEnded.withLock { $0 } == false)
    release.continuation.finish()
    #expect(try await answer.text == "done")
    try await end.value
  }

  @Test func anAddressInUseIsSaidClearly() async throws {
    try await serving(makeServiceRouter()) { url in
      let address = try #require(ListenAddress(String(url.dropFirst("http://".count))))
      let second = HTTPServer(address: address, router: makeServiceRouter(), logger: quiet)
      let error = await #expect(throws: ServerStartError.self) {
        try await runService(logger: quiet, services: [second])
      }
      #expect(
        error?.description
          == "the http server cannot listen on \(address): another process is listening there")
    }
  }

  @Test func anAddressThatIsNotOursIsSaidClearly() async throws {
    let foreign = HTTPServer(
      address: ListenAddress(host: "192.0.2.1", port: 1), router: makeServiceRouter(),
      logger: quiet)
    let error = await #expect(throws: ServerStartError.self) { try await foreign.run() }
    #expect(error?.description.contains("no such address") == true)
  }

  private struct Step: Service {
    let name: String
    let log: Log
    func run() async throws {
      log.add("start \(name)")
      try await gracefulShutdown()
      log.add("stop \(name)")
    }
  }

  private struct Failing: Service {
    struct Broken: Error {}
    let log: Log
    func run() async throws {
      while !log.lines.contains("start a") || !log.lines.contains("start b") {
        await Task.yield()
      }
      throw Broken()
    }
  }

  private final class Log: Sendable {
    private let all = Mutex<[String]>([])
    var lines: [String] { all.withLock { $0 } }
    func add(_ line: String) { all.withLock { $0.append(line) } }
  }

  @Test func aServiceThatFailsStopsTheOthersInReverse() async throws {
    let log = Log()
    let readiness = Readiness()
    await #expect(throws: Failing.Broken.self) {
      try await runService(
        logger: quiet,
        services: [Step(name: "a", log: log), Step(name: "b", log: log), Failing(log: log)],
        readiness: readiness)
    }
    #expect(log.lines.suffix(2) == ["stop b", "stop a"])
    #expect(await readiness.report().isHealthy == false)
  }
}

/// Whether something on this machine accepts connections at `port`. The HTTP client would try a
/// refused connection again and again.
private func accepts(port: Int) -> Bool {
  let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(descriptor) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = in_port_t(port).bigEndian
  address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
  return withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
}
