import Messaging
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct WakeSignalTests {
  private static let forever: Duration = .seconds(3_600)

  @Test func aWakeWhileNobodyWaitsIsKept() async {
    let signal = WakeSignal()
    signal.wake()
    signal.wake()
    await signal.wait(for: Self.forever)
    // Two wakes are one.
    await signal.wait(for: .milliseconds(1))
  }

  @Test func endsWithoutAWake() async {
    let signal = WakeSignal()
    await signal.wait(for: .milliseconds(1))
    await signal.wait(for: .zero)
    signal.wake()
    await signal.wait(for: Self.forever)
  }

  @Test func endsWhenCancelled() async {
    for _ in 0..<200 {
      let signal = WakeSignal()
      let waiter = Task { await signal.wait(for: Self.forever) }
      waiter.cancel()
      await waiter.value
    }
  }

  @Test func noWakeOfManyIsMissed() async {
    let signal = WakeSignal()
    let done = Tally()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1_000 {
            done.add()
            signal.wake()
          }
        }
      }
      while done.count < 8_000 {
        await signal.wait(for: Self.forever)
      }
    }
  }

  private final class Tally: Sendable {
    private let value = Atomic(0)

    var count: Int { value.load(ordering: .sequentiallyConsistent) }

    func add() { value.add(1, ordering: .sequentiallyConsistent) }
  }
}
