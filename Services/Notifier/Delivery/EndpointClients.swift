import AsyncHTTPClient
import NIOCore

/// HTTP clients, one for each host and address: what such a client connects to is the address that
/// was checked, while TLS still verifies the host's name.
actor EndpointClients {
  struct Key: Hashable {
    var host: String
    var address: IPAddress
  }

  private struct Entry {
    let client: HTTPClient
    var users = 0
    var idleSince = ContinuousClock.now
  }

  private let connectTimeout: TimeAmount
  private let connections: Int
  private let idleLimit: Duration
  private var entries: [Key: Entry] = [:]

  /// - Parameters:
  ///   - connections: the most that can be wanted of one host at a time.
  ///   - idleLimit: a client that nobody used for so long is closed.
  init(
    connectTimeout: TimeAmount, connections: Int, idleLimit: Duration = .seconds(60)
  ) {
    self.connectTimeout = connectTimeout
    self.connections = connections
    self.idleLimit = idleLimit
  }

  /// Lends a client; the borrower gives it back when it is done with the answer's body too.
  func borrow(_ key: Key) -> HTTPClient {
    var entry = entries[key] ?? Entry(client: makeClient(key))
    entry.users += 1
    entries[key] = entry
    return entry.client
  }

  func giveBack(_ key: Key) async {
    entries[key]?.users -= 1
    entries[key]?.idleSince = .now
    let idle = entries.filter { $0.value.users == 0 && .now - $0.value.idleSince > idleLimit }
    for key in idle.keys { entries[key] = nil }
    for entry in idle.values { try? await entry.client.shutdown() }
  }

  /// Closes all; nobody may be using one.
  func close() async {
    let all = entries.values
    entries = [:]
    for entry in all { try? await entry.client.shutdown() }
  }

  private func makeClient(_ key: Key) -> HTTPClient {
    var configuration = HTTPClient.Configuration(
      redirectConfiguration: .disallow, timeout: .init(connect: connectTimeout),
      // Shorter than servers usually wait: none is closed just as it is used again.
      connectionPool: .init(
        idleTimeout: .seconds(2), concurrentHTTP1ConnectionsPerHostSoftLimit: connections))
    configuration.httpVersion = .http1Only
    configuration.dnsOverride = [key.host: key.address.description]
    return HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
  }
}
