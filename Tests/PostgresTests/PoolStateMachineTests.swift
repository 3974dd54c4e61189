import Testing

@testable import Postgres

@Suite struct PoolStateMachineTests {
  private let start = ContinuousClock.now

  private func full(size: Int) -> PoolStateMachine {
    var machine = PoolStateMachine(size: size)
    for slot in 0..<size {
      #expect(machine.acquire(UInt64(1000 + slot), deadline: start) == .use(slot))
    }
    return machine
  }

  @Test func neverLendsMoreThanItsSize() {
    var machine = full(size: 3)
    #expect(machine.acquire(1, deadline: start) == .wait)
    #expect(machine.statistics == (idle: 0, busy: 3, waiting: 1))
  }

  @Test func lendsTheConnectionUsedLast() {
    var machine = full(size: 3)
    for slot in [0, 2, 1] { _ = machine.release(slot) }
    #expect(machine.acquire(1, deadline: start) == .use(1))
    #expect(machine.acquire(2, deadline: start) == .use(2))
  }

  @Test func servesWaitersInOrderOfArrival() {
    var machine = full(size: 1)
    for id in 1...3 as ClosedRange<UInt64> {
      #expect(machine.acquire(id, deadline: start) == .wait)
    }
    for id in 1...3 as ClosedRange<UInt64> { #expect(machine.release(0) == .handOver(to: id)) }
    #expect(machine.release(0) == .keep)
    #expect(machine.statistics == (idle: 1, busy: 0, waiting: 0))
  }

  @Test func cancelledWaiterLeavesTheQueue() {
    var machine = full(size: 1)
    for id in 1...3 as ClosedRange<UInt64> { _ = machine.acquire(id, deadline: start) }
    #expect(machine.cancel(2) == true)
    #expect(machine.cancel(2) == false)
    #expect(machine.release(0) == .handOver(to: 1))
    #expect(machine.cancel(1) == false)
    #expect(machine.release(0) == .handOver(to: 3))
  }

  @Test func expiresThoseWhoWaitedTooLong() {
    var machine = full(size: 1)
    for id in 1...3 as ClosedRange<UInt64> {
      _ = machine.acquire(id, deadline: start + .seconds(Int(id)))
    }
    let early = machine.expire(now: start)
    #expect(early.expired == [])
    #expect(early.next == start + .seconds(1))
    let later = machine.expire(now: start + .seconds(2))
    #expect(later.expired == [1, 2])
    #expect(later.next == start + .seconds(3))
    #expect(machine.release(0) == .handOver(to: 3))
    #expect(machine.expire(now: start + .seconds(9)).next == nil)
  }

  @Test func closingRefusesWaitersAndDrains() {
    var machine = full(size: 2)
    _ = machine.acquire(1, deadline: start)
    let closing = machine.close()
    #expect(closing.refused == [1])
    #expect(!closing.isDrained)
    #expect(machine.acquire(2, deadline: start) == .closed)
    #expect(machine.release(0) == .keep)
    #expect(machine.release(1) == .drained)
    #expect(machine.close().isDrained)
  }
}
