import Contracts
import Foundation
import Testing

@Suite struct EntityIDTests {
  @Test func version7HoldsTimeVersionVariantAndEntropy() throws {
    let time = try #require(Instant("2026-11-23T09:30:00.123999Z"))
    let id = EntityID.v7(at: time, entropy: (0xFFFF_FFFF_FFFF_FABC, 0xC123_4567_89AB_CDEF))
    let bytes = withUnsafeBytes(of: id.uuid.uuid) { Array($0) }
    #expect(bytes[..<6].reduce(0) { $0 << 8 | Int64($1) } == time.milliseconds)
    #expect(id.description.dropFirst(14) == "7abc-8123-456789abcdef")
    #expect(EntityID.v7(at: time, entropy: (0xABC, 0x0123_4567_89AB_CDEF)) == id)
  }

  @Test func orderIsByteOrderIsTextOrderIsTimeOrder() {
    var random = SplitMix(3)
    for _ in 0..<5_000 {
      let times = [0, 1].map { _ in
        Instant(milliseconds: .random(in: 0..<253_402_300_800_000, using: &random))
      }
      let ids = times.map { EntityID.v7(at: $0, entropy: (random.next(), random.next())) }
      if times[0] != times[1] { #expect((ids[0] < ids[1]) == (times[0] < times[1])) }
      #expect((ids[0] < ids[1]) == (ids[0].description < ids[1].description))
    }
  }

  @Test func aTimeBefore1970CountsAs1970() {
    let early = EntityID.v7(at: Instant(microseconds: -1), entropy: (0, 0))
    #expect(early.description == "00000000-0000-7000-8000-000000000000")
  }

  @Test func newOnesDiffer() {
    let now = Instant(microseconds: 1_795_426_200_000_000)
    #expect(Set((0..<1_000).map { _ in EntityID.make(at: now) }).count == 1_000)
  }

  @Test func isReadInAnyCaseAndWrittenInLowerCase() throws {
    let id = try #require(EntityID("01936F3E-7C00-7000-8000-00000000000A"))
    #expect(id.description == "01936f3e-7c00-7000-8000-00000000000a")
    #expect(try json([id]) == #"["01936f3e-7c00-7000-8000-00000000000a"]"#)
    #expect(try decode([EntityID].self, try json([id])) == [id])
  }

  @Test(arguments: [
    "", "1", "01936f3e7c007000800000000000000a", "01936f3e-7c00-7000-8000-00000000000g",
  ])
  func refuses(_ text: String) {
    #expect(EntityID(text) == nil)
    #expect(
      refusal([EntityID].self, "[\"\(text)\"]")
        == "/0: expected a UUID such as 01936f3e-7c00-7000-8000-000000000001")
  }
}
