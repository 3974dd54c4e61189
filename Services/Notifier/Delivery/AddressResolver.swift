import Foundation
import Synchronization

/// Turns the name of a host into addresses.
struct AddressResolver: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The addresses, the preferred one first; never empty.
  let resolve: @Sendable (_ host: String) async throws -> [IPAddress]

  typealias Answer = Result<[IPAddress], Failure>

  /// Asks the system.
  static let system = blocking(lookUp)

  /// Asks on threads that may block: one for each host, whoever else asks for it meanwhile hears the
  /// same answer. A host whose name servers hang holds up nobody who wants another one. A cancelled
  /// task does not wait for the answer.
  static func blocking(_ lookUp: @escaping @Sendable (_ host: String) -> Answer) -> AddressResolver
  {
    let underWay = LookUps()
    return AddressResolver { host in
      let (answers, continuation) = AsyncStream.makeStream(of: Answer.self)
      if underWay.join(host, continuation) {
        Thread.detachNewThread {
          let answer = lookUp(host)
          underWay.end(host, with: answer)
        }
      }
      for await answer in answers { return try answer.get() }
      throw CancellationError()
    }
  }

  private static func lookUp(_ host: String) -> Answer {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
      return .failure(
        Failure(
          description: "the host \(host) is not found: \(String(cString: gai_strerror(code)))"))
    }
    defer { freeaddrinfo(list) }
    var addresses: [IPAddress] = []
    var next = list
    while let entry = next?.pointee {
      if let address = IPAddress(entry.ai_addr), !addresses.contains(address) {
        addresses.append(address)
      }
      next = entry.ai_next
    }
    return addresses.isEmpty
      ? .failure(Failure(description: "the host \(host) has no address")) : .success(addresses)
  }
}

/// Who waits for the answer of which host.
private final class LookUps: Sendable {
  private let waiting = Mutex<[String: [AsyncStream<AddressResolver.Answer>.Continuation]]>([:])

  /// True for the first one, who has to ask.
  func join(
    _ host: String, _ continuation: AsyncStream<AddressResolver.Answer>.Continuation
  ) -> Bool {
    waiting.withLock {
      $0[host, default: []].append(continuation)
      return $0[host]?.count == 1
    }
  }

  func end(_ host: String, with answer: AddressResolver.Answer) {
    for continuation in waiting.withLock({ $0.removeValue(forKey: host) }) ?? [] {
      continuation.yield(answer)
      continuation.finish()
    }
  }
}

extension IPAddress {
  fileprivate init?(_ address: UnsafeMutablePointer<sockaddr>?) {
    guard let address else { return nil }
    let pointer = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      var four = pointer.loadUnaligned(as: sockaddr_in.self).sin_addr
      self.init(bytes: withUnsafeBytes(of: &four) { Array($0) })
    case AF_INET6:
      var six = pointer.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      self.init(bytes: withUnsafeBytes(of: &six) { Array($0) })
    default: return nil
    }
  }
}
