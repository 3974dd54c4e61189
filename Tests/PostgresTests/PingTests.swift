import Foundation
import Postgres
import TestSupport
import Testing

@Suite struct PingTests {
  /// A server that accepts and never says a word: the answer comes when the time is up, and a second
  /// question doesn't wait longer than its own time either.
  @Test func silentServerIsGivenUp() async throws {
    let socket = try SilentServer()
    defer { socket.close() }
    let pool = PostgresPool(
      try PostgresConfiguration(
        url: "postgres://me@127.0.0.1:\(socket.port)/sluice?connect_timeout=60&sslmode=disable",
        applicationName: "test"),
      size: 1, logger: quietLogger)
    let start = ContinuousClock.now
    for _ in 0..<2 { #expect(await pool.ping(timeout: .milliseconds(50)) == false) }
    #expect(ContinuousClock.now - start < .seconds(60))
  }

  @Test func answersWhileThePoolIsBusy() async throws {
    try await withTestDatabase { database in
      let pool = PostgresPool(
        try PostgresConfiguration(url: database.url, applicationName: "test"), size: 1,
        logger: quietLogger)
      let gate = Gate()
      let occupant = try await pool.occupy(gate)
      #expect(await pool.ping(timeout: .seconds(30)))
      gate.open()
      try await occupant.value
      await pool.close()
    }
  }
}

/// Listens on the loopback and does nothing else: the kernel completes connections by itself.
private struct SilentServer {
  let port: UInt16
  private let descriptor: Int32

  init() throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let descriptor = self.descriptor
    let status = withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(descriptor, address, size) == 0 && listen(descriptor, 8) == 0
          && getsockname(descriptor, address, &size) == 0
      }
    }
    guard status else { throw POSIXError(.EADDRNOTAVAIL) }
    port = UInt16(bigEndian: address.sin_port)
  }

  func close() { _ = Foundation.close(descriptor) }
}
