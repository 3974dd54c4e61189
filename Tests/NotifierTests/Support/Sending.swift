import Contracts
import Logging
import Messaging
import Postgres
import ServiceLifecycle

@testable import Notifier

/// What a courier of the tests may call: servers on this machine.
let localCheck = AddressCheck(resolver: .system, policy: AddressPolicy(allowsPrivate: true))

extension PostgresPool {
  func sender(
    _ clock: TestClock, check: AddressCheck = localCheck, limits: CourierLimits = CourierLimits(),
    sending: SendingLimits = SendingLimits()
  ) -> DeliverySender {
    var options = DeliverySender.Options()
    options.pollInterval = .milliseconds(20)
    options.drainLimit = .milliseconds(200)
    return DeliverySender(
      queue: DeliveryQueue(pool: self, limits: sending),
      courier: Courier(check: check, limits: limits, connections: 64), signal: WakeSignal(),
      now: { clock.now }, logger: silent, options: options)
  }
}

/// Runs the services while `body` does, then shuts them down gracefully and waits for their end.
func running(_ services: [any Service], _ body: () async throws -> Void) async throws {
  let group = ServiceGroup(services: services, logger: silent)
  let run = Task { try await group.run() }
  do {
    try await body()
  } catch {
    await group.triggerGracefulShutdown()
    _ = try? await run.value
    throw error
  }
  await group.triggerGracefulShutdown()
  try await run.value
}
