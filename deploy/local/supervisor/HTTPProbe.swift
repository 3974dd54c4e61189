import Dispatch
import Glibc
import LocalServers

/// The smallest HTTP client that can ask a health endpoint.
enum HTTPProbe {
  struct Answer: Sendable, Equatable {
    var status: Int
    var body: String

    /// Takes a whole HTTP/1.x response apart.
    init?(_ response: String) {
      let parts = response.split(
        separator: "\r\n\r\n", maxSplits: 1, omittingEmptySubsequences: false)
      let words = parts[0].prefix { $0 != "\r\n" }.split(separator: " ")
      guard words.count > 1, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
        return nil
      }
      self.status = status
      self.body = parts.count > 1 ? String(parts[1]) : ""
    }
  }

  /// `GET path` of 127.0.0.1; nil when nobody answers within two seconds.
  static func get(port: Int, path: String) async -> Answer? {
    // Blocking calls stay off the threads of the tasks.
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        continuation.resume(returning: exchange(port: port, path: path).flatMap { Answer($0) })
      }
    }
  }

  private static func exchange(port: Int, path: String) -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
    var address = LoopbackPort.address(port)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n"
    guard connected == 0,
      send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count
    else { return nil }
    var response: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while response.count < 1 << 20 {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { break }
      response += buffer[..<count]
    }
    return String(decoding: response, as: UTF8.self)
  }
}
