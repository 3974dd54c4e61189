import Foundation
import Testing

@testable import ServiceKit

@Suite struct VerifiedTokensTests {
  private let now = Date(timeIntervalSince1970: 1_800_000_000)
  private let caller = Principal(subject: "ann", roles: [.rep])

  @Test func aTokenIsRememberedForAMomentAndNotBeyondItsEnd() {
    let tokens = VerifiedTokens()
    tokens.remember(caller, of: "long", until: now + 3_600, at: now)
    tokens.remember(caller, of: "short", until: now + 1, at: now)
    #expect(tokens.principal(of: "long", at: now + VerifiedTokens.lifetime - 0.1) == caller)
    #expect(tokens.principal(of: "long", at: now + VerifiedTokens.lifetime) == nil)
    #expect(tokens.principal(of: "short", at: now + 0.9) == caller)
    #expect(tokens.principal(of: "short", at: now + 1) == nil)
    #expect(tokens.principal(of: "other", at: now) == nil)
  }

  @Test func itDoesNotGrowForEver() {
    let tokens = VerifiedTokens()
    for number in 0..<30_000 {
      tokens.remember(caller, of: "\(number)", until: now + 3_600, at: now)
    }
    #expect(tokens.principal(of: "29999", at: now) == caller)
    #expect((0..<30_000).count { tokens.principal(of: "\($0)", at: now) != nil } <= 10_000)
  }
}
