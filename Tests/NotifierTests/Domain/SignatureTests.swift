import Contracts
import Foundation
import LocalServers
import TestSupport
import Testing

@testable import Notifier

@Suite struct SignatureTests {
  private let id = "msg_01936f3e-7c00-7000-8000-000000000001"
  private let body = Array(#"{"data":{"名":"值"},"type":"x"}"#.utf8)
  private let secret = WebhookSecret(key: Array(0..<32))

  @Test func aSecretIsWrittenAsTheStandardSays() {
    #expect(secret.text == "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    let made = WebhookSecret.make()
    #expect(made.key.count == 32)
    #expect(made != WebhookSecret.make())
  }

  /// The first was computed with Python's hmac module, the second is the example of the standard's
  /// own documents.
  @Test func signaturesAreThoseThatOthersCompute() throws {
    #expect(
      WebhookSignature.sign(id: id, seconds: 1_700_000_000, body: body, with: secret)
        == "v1,mRNx4K4OU6grW+MZPEMMf1Y4HeXgK3A/Z/nXVBNhnGc=")
    let key = try #require(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    #expect(
      WebhookSignature.sign(
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330,
        body: Array(#"{"test": 2432232314}"#.utf8), with: WebhookSecret(key: Array(key)))
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test func bothSecretsSignDuringARotation() {
    let other = WebhookSecret(key: [9])
    let headers = WebhookSignature.headers(
      id: id, seconds: 5, body: body, secrets: [secret, other])
    #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
    #expect(headers.map(\.value).prefix(2) == [id, "5"])
    let signatures = headers[2].value.split(separator: " ")
    #expect(
      signatures == [
        Substring(WebhookSignature.sign(id: id, seconds: 5, body: body, with: secret)),
        Substring(WebhookSignature.sign(id: id, seconds: 5, body: body, with: other)),
      ])
  }

  /// The reference implementation of the standard takes what we send, with either secret, and
  /// refuses it when a byte differs.
  @Test(.enabled(if: TestPython.path != nil, "\(TestPython.absence)"))
  func theReferenceLibraryVerifies() async throws {
    let old = WebhookSecret.make()
    let new = WebhookSecret.make()
    let seconds = Instant.now().microseconds / 1_000_000
    let headers = WebhookSignature.headers(
      id: id, seconds: seconds, body: body, secrets: [new, old])
    for secret in [new, old] {
      #expect(try await Reference.verify(body, headers, secret) == "verified")
    }
    #expect(try await Reference.verify(body + [32], headers, new) == "refused")
    #expect(try await Reference.verify(body, headers, .make()) == "refused")
  }
}

/// `standardwebhooks` of PyPI.
private enum Reference {
  private static let script = """
    import base64, json, sys
    from standardwebhooks.webhooks import Webhook, WebhookVerificationError
    call = json.load(sys.stdin)
    try:
        Webhook(call["secret"]).verify(base64.b64decode(call["body"]), call["headers"])
        print("verified")
    except WebhookVerificationError:
        print("refused")
    """

  private struct Call: Encodable {
    let secret: String
    let body: Data
    let headers: [String: String]
  }

  static func verify(
    _ body: [UInt8], _ headers: [(name: String, value: String)], _ secret: WebhookSecret
  ) async throws -> String {
    let python = try #require(TestPython.path)
    let call = Call(
      secret: secret.text, body: Data(body),
      headers: Dictionary(uniqueKeysWithValues: headers.map { ($0.name, $0.value) }))
    let answer = try await Tool.run(
      python, ["-c", script],
      input: String(decoding: try JSONEncoder().encode(call), as: UTF8.self))
    return answer.trimmingCharacters(in: .whitespacesAndNewlines)
  }
}
