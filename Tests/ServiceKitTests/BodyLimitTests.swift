import AsyncHTTPClient
import Foundation
import Hummingbird
import NIOCore
import ServiceKit
import Synchronization
import Testing

/// Apart from the other suites in that it looks at the memory of the process.
@Suite(.serialized) struct BodyLimitTests {
  /// 100 MiB in pieces of 64 KiB, counting what was asked for.
  private struct Flood: AsyncSequence, AsyncIteratorProtocol, Sendable {
    private let piece = ByteBuffer(repeating: UInt8(ascii: " "), count: 1 << 16)
    private var left = 1600

    mutating func next() async throws -> ByteBuffer? {
      left -= 1
      return left < 0 ? nil : piece
    }

    func makeAsyncIterator() -> Flood { self }
  }

  private func router(timeout: Duration = .seconds(30)) -> Router<ServiceRequestContext> {
    let router = makeServiceRouter(
      options: ServiceRouterOptions(bodyLimit: 1 << 20, timeout: timeout))
    router.post("numbers") { request, context in
      try json(try await request.decode(as: [Int].self, context: context))
    }
    router.post("slow") { _, _ -> Response in
      try await Task.sleep(for: .seconds(600))
      return Response(status: .ok)
    }
    return router
  }

  private func residentBytes() throws -> Double {
    try #require(
      try ExpositionPage(PrometheusRegistry().exposition()).value("process_resident_memory_bytes"))
  }

  @Test(arguments: [true, false])
  func aHundredMebibytesAreRefused(_ saysItsLength: Bool) async throws {
    try await serving(router()) { url in
      let before = try residentBytes()
      let answer = try await fetch(
        url + "/numbers", method: "POST",
        body: .stream(Flood(), length: saysItsLength ? .known(Int64(100 << 20)) : .unknown))
      #expect(answer.status == 413)
      #expect(try answer.json["code"] as? String == "content-too-large")
      #expect(try (answer.json["detail"] as? String)?.contains("1048576") == true)
      #expect(try residentBytes() - before < 64 * 1_048_576)
      let next = try await fetch(
        url + "/numbers", method: "POST", body: .bytes(ByteBuffer(string: "[1]")))
      #expect(next.text == "[1]")
    }
  }

  @Test func aBodyJustWithinTheLimitIsRead() async throws {
    try await serving(router()) { url in
      let blanks = String(repeating: " ", count: (1 << 20) - 3)
      let fits = try await fetch(
        url + "/numbers", method: "POST", body: .bytes(ByteBuffer(string: "[1]" + blanks)))
      #expect(fits.status == 200)
      let exceeds = try await fetch(
        url + "/numbers", method: "POST", body: .bytes(ByteBuffer(string: "[1]" + blanks + " ")))
      #expect(exceeds.status == 413)
    }
  }

  @Test func aRequestThatTakesTooLongIsAnswered() async throws {
    try await serving(router(timeout: .milliseconds(50))) { url in
      let answer = try await fetch(url + "/slow", method: "POST")
      #expect(answer.status == 503)
      #expect(try answer.json["code"] as? String == "timeout")
      #expect(answer.header("retry-after") == ["1"])
    }
  }
}
