import Contracts
import Kafka
import Testing

@testable import Messaging

@Suite struct ConsumedMessageTests {
  private func message(time: Int64?, headers: [KafkaHeader] = []) -> KafkaMessage {
    KafkaMessage(
      source: TopicPartition(topic: "t", partition: 0), offset: 41, timestampMilliseconds: time,
      key: [1], value: nil, headers: headers)
  }

  @Test(
    "times that a producer may write",
    arguments: [
      (nil, nil), (0, 0), (1_700_000_000_123, 1_700_000_000_123), (-1, nil),
      (253_402_300_799_999, 253_402_300_799_999), (253_402_300_800_000, nil), (.max, nil),
    ] as [(Int64?, Int64?)]) func time(_ written: Int64?, _ read: Int64?)
  {
    #expect(ConsumedMessage(message(time: written)).timestamp?.milliseconds == read)
  }

  @Test func everythingElseStaysAsItIs() {
    let consumed = ConsumedMessage(
      message(
        time: nil,
        headers: [KafkaHeader(name: "ce_id", value: [0x61]), KafkaHeader(name: "x", value: nil)]))
    #expect((consumed.offset, consumed.wire.key, consumed.wire.value) == (41, [1], nil))
    #expect(consumed.wire.headers == [.init("ce_id", [0x61]), .init("x", nil as [UInt8]?)])
    #expect(StoredOffset(after: consumed) == StoredOffset(nextOffset: 42, lastEventID: "a"))
  }
}
