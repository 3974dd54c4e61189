import ServiceLifecycle

/// Gives a resource back once everything that uses it has ended.
package struct AtShutdown: Service {
  private let close: @Sendable () async -> Void

  package init(_ close: @escaping @Sendable () async -> Void) { self.close = close }

  package func run() async throws {
    try? await gracefulShutdown()
    await close()
  }
}
