package import Glibc

/// TCP ports of the loopback interface.
package enum LoopbackPort {
  /// A port that was free a moment ago. Another process may take it before its user binds it: who
  /// starts a server with it tries again with another one.
  package static func free() throws -> Int {
    try bound(to: 0)
  }

  /// Whether nobody listens on `port` of 127.0.0.1.
  package static func isFree(_ port: Int) -> Bool {
    (try? bound(to: port)) != nil
  }

  /// 127.0.0.1 with `port`.
  package static func address(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
    return address
  }

  private static func bound(to port: Int) throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
    guard descriptor >= 0 else { throw LocalServerError("no socket: errno \(errno)") }
    defer { close(descriptor) }
    var reuse: Int32 = 1
    setsockopt(
      descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = address(port)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
      }
    }
    guard result == 0 else { throw LocalServerError("port \(port) is taken: errno \(errno)") }
    return Int(in_port_t(bigEndian: address.sin_port))
  }
}
