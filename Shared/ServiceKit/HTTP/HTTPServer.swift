import Foundation
package import Hummingbird
package import Logging
import NIOCore
import ServiceLifecycle
import Synchronization

/// A server could not begin to listen.
package struct ServerStartError: Error, Sendable, CustomStringConvertible {
  package let server: String
  package let address: ListenAddress
  package let reason: String

  package var description: String {
    "the \(server) server cannot listen on \(address): \(reason)"
  }
}

/// Serves a router until graceful shutdown, which waits for the requests in flight.
package struct HTTPServer: Service {
  private let name: String
  private let address: ListenAddress
  private let responder: RouterResponder<ServiceRequestContext>
  private let logger: Logger
  private let onServerRunning: @Sendable (ListenAddress) async -> Void

  /// - Parameters:
  ///   - name: `http` or `admin`, for the log.
  ///   - router: from ``makeServiceRouter(options:metrics:)``, with all its routes.
  ///   - onServerRunning: gets the address with the port that was really taken.
  package init(
    name: String = "http", address: ListenAddress, router: Router<ServiceRequestContext>,
    logger: Logger, onServerRunning: @escaping @Sendable (ListenAddress) async -> Void = { _ in }
  ) {
    self.name = name
    self.address = address
    self.responder = makeResponder(router)
    self.logger = logger
    self.onServerRunning = onServerRunning
  }

  package func run() async throws {
    let hasStarted = Atomic(false)
    let application = Application(
      responder: responder,
      server: .http1(configuration: .init(idleTimeout: .seconds(75))),
      configuration: ApplicationConfiguration(
        address: .hostname(address.host, port: address.port), backlog: 1024),
      onServerRunning: { channel in
        hasStarted.store(true, ordering: .releasing)
        let bound = ListenAddress(
          host: address.host, port: channel.localAddress?.port ?? address.port)
        logger.info("listening", metadata: ["address": "\(bound)", "server": "\(name)"])
        await onServerRunning(bound)
      }, logger: logger)
    do {
      try await application.run()
    } catch  where !hasStarted.load(ordering: .acquiring) && !(error is CancellationError) {
      throw ServerStartError(server: name, address: address, reason: Self.reason(error))
    }
  }

  private static func reason(_ error: any Error) -> String {
    switch error {
    case let error as IOError where error.errnoCode == EADDRINUSE:
      "another process is listening there"
    case let error as IOError where error.errnoCode == EACCES:
      "the port is reserved for privileged processes"
    case let error as IOError where error.errnoCode == EADDRNOTAVAIL:
      "this machine has no such address"
    case is SocketAddressError: "the host name cannot be resolved"
    default: "\(error)"
    }
  }
}
