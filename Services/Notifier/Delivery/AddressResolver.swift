import Dispatch
import Foundation

/// Turns the name of a host into addresses.
struct AddressResolver: Sendable {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// The addresses, the preferred one first; never empty.
  let resolve: @Sendable (_ host: String) async throws -> [IPAddress]

  /// Asks the system, on a thread that may block. A cancelled task does not wait for the answer.
  static let system = AddressResolver { host in
    let (answers, continuation) = AsyncStream.makeStream(of: Result<[IPAddress], Failure>.self)
    threads.async {
      continuation.yield(lookUp(host))
      continuation.finish()
    }
    for await answer in answers { return try answer.get() }
    throw CancellationError()
  }

  private static let threads = DispatchQueue(label: "notifier.names", attributes: .concurrent)

  private static func lookUp(_ host: String) -> Result<[IPAddress], Failure> {
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
