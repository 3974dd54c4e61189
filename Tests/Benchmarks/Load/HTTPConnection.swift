import Foundation
import Glibc
import LocalServers
import TestSupport

/// A connection that is kept alive, one request after the other, on the thread of its user: the load
/// must leave the processor to what is measured.
final class HTTPConnection {
  struct Answer {
    var status: Int
    var body: ArraySlice<UInt8>

    func decode<Value: Decodable>(_ type: Value.Type) throws -> Value {
      try JSONDecoder().decode(type, from: Data(body))
    }
  }

  private let socket: Int32
  private let head: String
  private var buffer: [UInt8] = []

  /// - Parameter url: `http://127.0.0.1:PORT`.
  init(_ url: String, token: String) throws {
    guard let port = URL(string: url)?.port else { throw CheckFailure("no port in \(url)") }
    head = " HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nAuthorization: Bearer \(token)\r\n"
    let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.socket = socket
    var address = LoopbackPort.address(port)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw CheckFailure("\(url) does not answer: errno \(errno)") }
    var on: Int32 = 1
    setsockopt(
      socket, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
  }

  deinit { close(socket) }

  func get(_ path: String) throws -> Answer {
    try send(Array("GET \(path)\(head)\r\n".utf8))
  }

  func post(_ path: String, _ body: String) throws -> Answer {
    let length = body.utf8.count
    return try send(
      Array(
        "POST \(path)\(head)Content-Type: application/json\r\nContent-Length: \(length)\r\n\r\n\(body)"
          .utf8))
  }

  private func send(_ request: [UInt8]) throws -> Answer {
    var sent = 0
    while sent < request.count {
      let count = request[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, 0)
      }
      guard count > 0 else { throw CheckFailure("the connection broke: errno \(errno)") }
      sent += count
    }
    return try receive()
  }

  /// An answer with a length; the services send no other.
  private func receive() throws -> Answer {
    buffer.removeAll(keepingCapacity: true)
    var end: Int?
    var length = 0
    var status = 0
    while true {
      if end == nil, let bodyStart = HTTPConnection.bodyStart(in: buffer) {
        end = bodyStart
        let lines = String(decoding: buffer[..<bodyStart], as: UTF8.self).split(separator: "\r\n")
        status = Int(lines[0].split(separator: " ")[1]) ?? 0
        let field = lines.first { $0.lowercased().hasPrefix("content-length:") }
        length = field.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
      }
      if let end, buffer.count >= end + length {
        return Answer(status: status, body: buffer[end..<(end + length)])
      }
      let had = buffer.count
      buffer.append(contentsOf: repeatElement(0, count: 16 << 10))
      let count = buffer[had...].withUnsafeMutableBytes {
        recv(socket, $0.baseAddress, $0.count, 0)
      }
      guard count > 0 else { throw CheckFailure("the connection broke: errno \(errno)") }
      buffer.removeLast((16 << 10) - count)
    }
  }

  private static func bodyStart(in bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 3..<bytes.count
    where bytes[index] == 10 && bytes[index - 1] == 13 && bytes[index - 2] == 10 {
      return index + 1
    }
    return nil
  }
}

/// Runs `count` threads that may block and returns what each came to.
func onThreads<Value: Sendable>(
  _ count: Int, _ body: @escaping @Sendable (Int) throws -> Value
) async throws -> [Value] {
  try await withThrowingTaskGroup(of: (Int, Value).self) { group in
    for number in 0..<count {
      group.addTask {
        try await withCheckedThrowingContinuation { continuation in
          Thread.detachNewThread {
            continuation.resume(with: Result { (number, try body(number)) })
          }
        }
      }
    }
    var values: [(Int, Value)] = []
    for try await value in group { values.append(value) }
    return values.sorted { $0.0 < $1.0 }.map(\.1)
  }
}
