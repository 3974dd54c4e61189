import Foundation
import Glibc
import Synchronization

/// An HTTP server on a free loopback port that gives the same answer to everything and keeps what
/// it was asked. It ends with its owner.
final class CannedServer: Sendable {
  let port: UInt16
  private let listener: Int32
  private let received = Mutex<[String]>([])

  var url: String { "http://127.0.0.1:\(port)" }

  /// Head and body of each request, in order.
  var requests: [String] { received.withLock { $0 } }

  init(status: Int, body: String = "{}", contentType: String = "application/json") throws {
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isListening = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(socket, $0, length) == 0 && listen(socket, 16) == 0
          && getsockname(socket, $0, &length) == 0
      }
    }
    guard isListening else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
    listener = socket
    port = UInt16(bigEndian: address.sin_port)
    let answer =
      "HTTP/1.1 \(status) Canned\r\ncontent-type: \(contentType)\r\nconnection: close\r\n"
      + "content-length: \(body.utf8.count)\r\n\r\n\(body)"
    let thread = Thread { [weak self] in
      while true {
        let connection = accept(socket, nil, nil)
        guard connection >= 0 else {
          close(socket)
          return
        }
        let request = CannedServer.read(connection)
        self?.received.withLock { $0.append(request) }
        _ = answer.withCString { send(connection, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
        close(connection)
      }
    }
    thread.start()
  }

  deinit {
    // Ends the accept of the thread, which then closes the socket.
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private static func read(_ connection: Int32) -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      let text = String(decoding: bytes, as: UTF8.self)
      if let end = text.range(of: "\r\n\r\n") {
        let head = text[..<end.lowerBound].lowercased()
        let length =
          head.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
          .flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        if text[end.upperBound...].utf8.count >= length { return text }
      }
      let count = recv(connection, &chunk, chunk.count, 0)
      guard count > 0 else { return text }
      bytes += chunk[..<count]
    }
  }
}
