import Contracts
import Kafka
import Testing

@testable import Messaging

@Suite struct PartitionStateTests {
  private func state(_ next: Int64, _ event: String? = nil) -> PartitionState {
    PartitionState(
      topic: .stageChanges, assignment: 1,
      stored: StoredOffset(nextOffset: next, lastEventID: event))
  }

  private func message(_ offset: Int64, _ id: String? = nil, at time: Int64? = nil)
    -> ConsumedMessage
  {
    ConsumedMessage(
      offset: offset, timestamp: time.map { Instant(microseconds: $0) },
      wire: WireMessage(key: nil, value: [], headers: id.map { [.init("ce_id", $0)] } ?? []))
  }

  @Test func theMessageBeforeTheOffsetIsOnlyCompared() {
    var state = state(5, "e-4")
    state.receive(message(4, "e-4"))
    #expect(state.stopReason == nil && state.buffer.isEmpty)
    state.receive(message(5, "e-5"))
    #expect(state.buffer.map(\.offset) == [5])
  }

  @Test(arguments: ["e-9", nil] as [String?])
  func anotherEventBeforeTheOffsetStops(_ found: String?) {
    var state = state(5, "e-4")
    state.receive(message(4, found))
    state.receive(message(5, "e-5"))
    #expect(state.stopReason?.hasSuffix("the topic was written anew") == true)
    #expect(state.buffer.isEmpty)
    #expect(state.take(upTo: 1, now: .now) == nil)
  }

  @Test func withoutAStoredEventNothingIsCompared() {
    var state = state(5)
    state.receive(message(4, "anything"))
    state.receive(message(2, "anything"))
    #expect(state.stopReason == nil && state.buffer.isEmpty)
  }

  @Test func oneBatchIsUnderWayAtATime() {
    var state = state(0)
    for offset in 0..<5 { state.receive(message(Int64(offset))) }
    #expect(state.take(upTo: 3, now: .now)?.count == 3)
    #expect(state.take(upTo: 3, now: .now) == nil)
    state.finish(StoredOffset(nextOffset: 3, lastEventID: "e-2"))
    #expect(state.uncommitted && state.nextOffset == 3)
    #expect(state.take(upTo: 3, now: .now)?.map(\.offset) == [3, 4])
  }

  @Test func aBatchIsBoundedByItsBytesButNeverEmpty() {
    var state = state(0)
    for (offset, size) in [40, 50, 20, 300, 10].enumerated() {
      state.receive(
        ConsumedMessage(
          offset: Int64(offset), timestamp: nil,
          wire: WireMessage(
            key: Array(repeating: 0, count: 2), value: Array(repeating: 0, count: size - 5),
            headers: [.init("a", "bc")])))
    }
    #expect(state.bufferedBytes == 420)
    for (expected, rest) in [([0, 1], 330), ([2], 310), ([3], 10), ([4], 0)] as [([Int64], Int)] {
      #expect(state.take(upTo: 3, bytes: 100, now: .now)?.map(\.offset) == expected)
      #expect(state.bufferedBytes == rest)
      state.finish(StoredOffset(nextOffset: 0, lastEventID: nil))
    }
  }

  @Test func lagIsCountedFromTheOldestMessageNotDone() {
    var state = state(0)
    let now = Instant(microseconds: 10_000_000)
    #expect(state.lag(high: 0, now: now) == (0, 0))
    #expect(state.lag(high: nil, now: now) == (0, 0))
    // Known to be behind, with nothing in hand: counted from when that was noticed.
    #expect(state.lag(high: 3, now: now) == (3, 0))
    #expect(state.lag(high: 3, now: now.adding(seconds: 2)) == (3, 2))
    for offset in 0..<3 as Range<Int64> { state.receive(message(offset, at: 4_000_000 + offset)) }
    #expect(state.lag(high: 3, now: now) == (3, 6))
    _ = state.take(upTo: 3, now: .now)
    #expect(state.lag(high: 3, now: now) == (3, 6))
    state.finish(StoredOffset(nextOffset: 3, lastEventID: nil))
    #expect(state.lag(high: 3, now: now) == (0, 0))
  }
}
