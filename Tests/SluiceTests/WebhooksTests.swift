import Contracts
import Testing

@testable import Sluice

@Suite struct WebhooksTests {
  // The example of the documents of Standard Webhooks.
  private static let id = "msg_p5jXN8AQM9LWM0D4loKWxJek"
  private static let seconds: Int64 = 1_614_265_330
  private static let body = Array(#"{"test": 2432232314}"#.utf8)
  private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
  private static let signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="

  private func verify(
    secrets: [String] = [secret], id: String? = id, timestamp: String? = "1614265330",
    signature: String? = signature, body: [UInt8] = body, now: Int64 = seconds
  ) throws -> WebhookVerifier.Verdict {
    let verifier = try #require(WebhookVerifier(secrets: secrets))
    return verifier.verify(
      id: id, timestamp: timestamp, signature: signature, body: body, now: now)
  }

  @Test func theExampleOfTheStandardIsGenuine() throws {
    #expect(try verify() == .genuine)
    // While a secret is rotated there are several signatures, and perhaps of other versions.
    #expect(try verify(signature: "v1,AAAA v2,x \(Self.signature)") == .genuine)
    #expect(try verify(secrets: ["whsec_AAAA", Self.secret]) == .genuine)
    #expect(try verify(now: Self.seconds + 300) == .genuine)
  }

  @Test func everythingElseIsRefusedWithItsReason() throws {
    let missing = WebhookVerifier.Verdict.refused(
      "webhook-id, webhook-timestamp or webhook-signature is missing")
    #expect(try verify(id: nil) == missing)
    #expect(try verify(timestamp: nil) == missing)
    #expect(try verify(signature: nil) == missing)
    let old = WebhookVerifier.Verdict.refused("the timestamp 1614265330 is not within 300 s of now")
    #expect(try verify(now: Self.seconds + 301) == old)
    #expect(try verify(now: Self.seconds - 301) == old)
    #expect(
      try verify(timestamp: "noon") == .refused("the timestamp noon is not within 300 s of now"))
    let unfit = WebhookVerifier.Verdict.refused("no signature fits the secret")
    #expect(try verify(body: Self.body + [32]) == unfit)
    #expect(try verify(id: "msg_other") == unfit)
    #expect(try verify(secrets: ["whsec_AAAA"]) == unfit)
    #expect(try verify(signature: "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=") == unfit)
    #expect(try verify(signature: "") == unfit)
  }

  @Test(arguments: [[], ["MfKQ9r8G"], ["whsec_"], ["whsec_?"], ["whsec_AAAA", "x"]])
  func whatIsNoSecretMakesNoVerifier(_ secrets: [String]) {
    #expect(WebhookVerifier(secrets: secrets) == nil)
  }

  @Test func aLineTellsWhatHappenedAndWhy() {
    let body = #"""
      {"type":"sluice.stage-moved.v1","id":"e-1","data":{"opportunityId":"d-1","name":"Line 3",
      "from":"proposal","to":"negotiation","evidence":{"words":"报价我们确认"}}}
      """#
    let line = WebhookListener.line(
      at: .init("2026-11-23T09:30:00Z")!, id: "msg_1", body: Array(body.utf8))
    #expect(
      line == """
        2026-11-23T09:30:00.000000Z  sluice.stage-moved.v1  event e-1  deal d-1  “Line 3”  \
        proposal → negotiation  because of “报价我们确认”  signature verified, msg_1
        """)
    #expect(
      WebhookListener.line(at: .init("2026-11-23T09:30:00Z")!, id: "msg_2", body: [0xFF])
        == "2026-11-23T09:30:00.000000Z  an unknown type  signature verified, msg_2")
  }
}
