import Glibc
import LocalServers
import Testing

@Suite struct LoopbackPortTests {
  @Test func givesPortsThatNobodyHas() throws {
    let port = try LoopbackPort.free()
    #expect((1...65535).contains(port))
    #expect(LoopbackPort.isFree(port))
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = LoopbackPort.address(port)
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 1) == 0)
    #expect(!LoopbackPort.isFree(port))
  }
}
