import Contracts
import Crypto
import Foundation
import Testing

@testable import ServiceKit

@Suite struct ServiceAccountTokenTests {
  private static let id = EntityID("01936f3e-7c00-7000-8000-0000000000ab")!

  @Test func aTokenNamesItsAccountAndIsReadBack() throws {
    let token = ServiceAccountToken.make(for: Self.id)
    #expect(token.text.utf8.count == 80)
    #expect(token.text.hasPrefix("slk_01936f3e7c00700080000000000000ab_"))
    let read = try #require(ServiceAccountToken(token.text))
    #expect(read.account == Self.id)
    #expect(read.text == token.text)
    #expect(read.secretHash == token.secretHash)
  }

  @Test func theHashIsThatOfTheSecretAsItIsWritten() {
    let token = ServiceAccountToken.make(for: Self.id)
    let secret = token.text.suffix(43)
    let digest = Array(SHA256.hash(data: Data(secret.utf8)))
    #expect(token.matches(secretHash: digest))
    #expect(token.secretHash == digest.map { String(format: "%02x", Int($0)) }.joined())
    var other = digest
    other[31] ^= 1
    #expect(!token.matches(secretHash: other))
    #expect(!token.matches(secretHash: []))
    #expect(!token.matches(secretHash: digest + [0]))
  }

  @Test func secretsDiffer() {
    let texts = (0..<100).map { _ in ServiceAccountToken.make(for: Self.id).text }
    #expect(Set(texts).count == 100)
  }

  @Test func nothingThatDescribesATokenShowsTheSecret() {
    let token = ServiceAccountToken.make(for: Self.id)
    var dumped = ""
    dump(token, to: &dumped)
    for text in ["\(token)", String(reflecting: token), dumped] {
      #expect(!text.contains(token.text.suffix(43)))
    }
  }

  @Test(arguments: [
    "", "slk_", "slk", "Slk_01936f3e7c00700080000000000000ab_" + String(repeating: "A", count: 43),
    // Upper case, a wrong digit, dashes, another separator.
    "slk_01936F3E7C00700080000000000000AB_" + String(repeating: "A", count: 43),
    "slk_01936f3e7c00700080000000000000ag_" + String(repeating: "A", count: 43),
    "slk_01936f3e-7c00-7000-8000-0000000000ab_" + String(repeating: "A", count: 39),
    "slk_01936f3e7c00700080000000000000ab-" + String(repeating: "A", count: 43),
    // Too short, too long, not of the alphabet, not in one byte each.
    "slk_01936f3e7c00700080000000000000ab_" + String(repeating: "A", count: 42),
    "slk_01936f3e7c00700080000000000000ab_" + String(repeating: "A", count: 44),
    "slk_01936f3e7c00700080000000000000ab_" + String(repeating: "A", count: 42) + "=",
    "slk_01936f3e7c00700080000000000000ab_" + String(repeating: "A", count: 41) + "é",
    "slk_01936f3e7c0070008000000000000é" + String(repeating: "A", count: 45),
    "slk_" + String(repeating: "a", count: 100_000),
  ])
  func garbageIsNoToken(_ text: String) {
    #expect(ServiceAccountToken(text) == nil)
  }
}
