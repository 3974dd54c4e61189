import Contracts
import Kafka
import Testing

@testable import Messaging

@Suite struct OutboxPureTests {
  private static let gone = KafkaError(.messageTimedOut, "no answer")
  private static let tooLarge = KafkaError(.messageSizeTooLarge, "too large")

  private func settle(
    _ rows: [(Int64, bucket: Int16, KafkaError?)]
  ) -> OutboxSettlement {
    OutboxSettlement(
      rows: rows.map {
        OutboxRow(
          id: $0.0, bucket: $0.bucket, topic: "t", key: nil, value: nil, headers: [],
          createdAt: Instant(microseconds: 0))
      },
      results: rows.map {
        if let error = $0.2 { return .failure(error) }
        return .success(KafkaDelivery(partition: 0, offset: 0))
      })
  }

  @Test func allDelivered() {
    let settlement = settle([(1, 0, nil), (2, 1, nil), (3, 0, nil)])
    #expect(settlement.delivered == [1, 2, 3])
    #expect(settlement.undeliverable == nil && settlement.firstFailure == nil)
  }

  @Test func behindAFailureABucketWaitsAndTheOthersGoOn() {
    let settlement = settle([
      (1, 0, nil), (2, 1, Self.gone), (3, 1, nil), (4, 0, nil), (5, 2, Self.gone), (6, 2, nil),
    ])
    #expect(settlement.delivered == [1, 4])
    #expect(settlement.firstFailure == Self.gone)
    #expect(settlement.undeliverable == nil)
  }

  @Test func theFirstUndeliverableOneIsNamed() {
    let settlement = settle([
      (1, 0, Self.tooLarge), (2, 0, nil), (3, 1, nil), (4, 2, Self.tooLarge),
    ])
    #expect(settlement.delivered == [3])
    #expect(settlement.undeliverable?.row.id == 1)
    #expect(settlement.undeliverable?.reason == Self.tooLarge.description)
    #expect(settlement.firstFailure == nil)
  }

  @Test func anUndeliverableOneBehindAFailureWaits() {
    let settlement = settle([(1, 0, Self.gone), (2, 0, Self.tooLarge)])
    #expect(settlement.delivered.isEmpty && settlement.undeliverable == nil)
    #expect(settlement.firstFailure == Self.gone)
  }

  @Test(
    arguments: [
      [], [.init("a", "b")], [.init("", nil), .init("", [])],
      [.init("重复", [0, 255]), .init("重复", nil), .init("x", [UInt8](repeating: 7, count: 70_000))],
    ] as [[WireMessage.Header]])
  func headersComeBack(_ headers: [WireMessage.Header]) {
    #expect(HeaderCoding.decode(HeaderCoding.encode(headers)) == headers)
  }

  @Test func headersThatAreNoneAreRefused() {
    let good = HeaderCoding.encode([.init("name", "value"), .init("none", nil)])
    let boundary = HeaderCoding.encode([.init("name", "value")]).count
    for length in 1..<good.count where length != boundary {
      #expect(HeaderCoding.decode(Array(good.prefix(length))) == nil, "\(length)")
    }
    #expect(HeaderCoding.decode([0xFF, 0xFF, 1]) == nil)
    #expect(HeaderCoding.decode([0, 0, 0x7F, 0xFF, 0xFF, 0xFF]) == nil)
  }

  /// Rows outlive processes: these values may never change.
  @Test(
    arguments: [
      ("", 1), ("a", 0), ("k1", 6), ("商机", 31),
      ("01936f3e-7c00-7000-8000-000000000001", 57),
    ] as [(String, Int16)])
  func buckets(_ key: String, _ bucket: Int16) {
    #expect(Outbox.bucket(of: Array(key.utf8)) == bucket)
    if key.isEmpty { #expect(Outbox.bucket(of: nil) == bucket) }
  }

  @Test func bucketsAreEvenlyFilled() {
    var random = SystemRandomNumberGenerator()
    var counts = [Int](repeating: 0, count: Outbox.buckets)
    for _ in 0..<6_400 {
      let id = EntityID.v7(at: Instant(milliseconds: 0), entropy: (random.next(), random.next()))
      counts[Int(Outbox.bucket(of: Array(id.description.utf8)))] += 1
    }
    #expect(counts.allSatisfy { (30...200).contains($0) })
  }
}
