import Crypto
import CryptoExtras
import Foundation
import HTTPTypes
import Hummingbird
import JWTKit
import NIOCore
import ServiceKit
import Synchronization
import Testing

@Suite struct JWKSTests {
  /// An identity provider whose keys the test can change.
  private final class Provider: Sendable {
    private struct State {
      var keys: [String] = []
      var status = HTTPResponse.Status.ok
      var requests = 0
    }

    private let state = Mutex(State())
    var requests: Int { state.withLock { $0.requests } }
    func publish(_ keys: [String]) { state.withLock { $0.keys = keys } }
    func fail(_ status: HTTPResponse.Status) { state.withLock { $0.status = status } }

    var router: Router<ServiceRequestContext> {
      let router = makeServiceRouter()
      router.get("jwks") { _, _ in
        self.state.withLock { state in
          state.requests += 1
          let body = #"{"keys":[\#(state.keys.joined(separator: ","))]}"#
          return Response(
            status: state.status, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
        }
      }
      return router
    }
  }

  private struct Claims: JWTPayload {
    var sub = "a"
    var iss = "sluice"
    var aud = "sluice"
    var exp = 99_999_999_999
    var roles = ["viewer"]
    func verify(using algorithm: some JWTAlgorithm) throws {}
  }

  /// A key that signs, and its public half as a JWK.
  private struct SigningKey {
    let id: String
    let algorithm: String
    let published: String
    let sign: @Sendable () async throws -> String

    static func es256(_ id: String) throws -> SigningKey {
      let key = ES256PrivateKey()
      let parameters = try #require(key.publicKey.parameters)
      let (x, y) = (urlSafe(parameters.x), urlSafe(parameters.y))
      return SigningKey(
        id: id, algorithm: "ES256",
        published:
          #"{"kty":"EC","crv":"P-256","kid":"\#(id)","alg":"ES256","use":"sig","x":"\#(x)","y":"\#(y)"}"#
      ) {
        let keys = await JWTKeyCollection().add(ecdsa: key, kid: JWKIdentifier(string: id))
        return try await keys.sign(Claims(), kid: JWKIdentifier(string: id))
      }
    }

    /// Published without `alg`, as some providers do.
    static func rs256(_ id: String) throws -> SigningKey {
      let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
      let primitives = try key.publicKey.getKeyPrimitives()
      let signing = try Insecure.RSA.PrivateKey(pem: key.pemRepresentation)
      let (n, e) = (base64URL(primitives.modulus), base64URL(primitives.publicExponent))
      return SigningKey(
        id: id, algorithm: "RS256",
        published: #"{"kty":"RSA","kid":"\#(id)","n":"\#(n)","e":"\#(e)"}"#
      ) {
        let keys = await JWTKeyCollection().add(
          rsa: signing, digestAlgorithm: .sha256, kid: JWKIdentifier(string: id))
        return try await keys.sign(Claims(), kid: JWKIdentifier(string: id))
      }
    }

    static func eddsa(_ id: String) throws -> SigningKey {
      let key = Curve25519.Signing.PrivateKey()
      let x = base64URL(key.publicKey.rawRepresentation)
      let signing = try EdDSA.PrivateKey(
        d: key.rawRepresentation.base64EncodedString(), curve: .ed25519)
      return SigningKey(
        id: id, algorithm: "EdDSA",
        published: #"{"kty":"OKP","crv":"Ed25519","kid":"\#(id)","alg":"EdDSA","x":"\#(x)"}"#
      ) {
        let keys = await JWTKeyCollection().add(eddsa: signing, kid: JWKIdentifier(string: id))
        return try await keys.sign(Claims(), kid: JWKIdentifier(string: id))
      }
    }

    private static func urlSafe(_ text: String) -> String {
      text.replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
  }

  private func withProvider(
    pause: Duration = .zero, _ body: (Provider, Authenticator) async throws -> Void
  ) async throws {
    let provider = Provider()
    try await serving(provider.router) { url in
      let authenticator = try Authenticator(
        TokenConfiguration(source: .jwks(try #require(URL(string: url + "/jwks")))),
        refreshPause: pause, logger: quiet)
      try await body(provider, authenticator)
    }
  }

  private func reason(_ authenticator: Authenticator, _ token: String) async -> String? {
    await #expect(throws: AuthenticationFailure.self) {
      try await authenticator.principal(bearer: token)
    }?.reason
  }

  @Test func everyKindOfKey() async throws {
    try await withProvider { provider, authenticator in
      let keys = [
        try SigningKey.es256("e"), try SigningKey.rs256("r"), try SigningKey.eddsa("d"),
      ]
      // Keys of no use here must not spoil the set.
      let useless = [
        #"{"kty":"oct","kid":"s","k":"AAAA"}"#, #"{"kty":"EC","crv":"secp256k1","kid":"k"}"#,
        #"{"kty":"RSA","kid":"enc","use":"enc","n":"AQAB","e":"AQAB"}"#, "{}",
      ]
      provider.publish(useless + keys.map(\.published))
      for key in keys {
        let principal = try await authenticator.principal(bearer: try await key.sign())
        #expect(principal.subject == "a")
        #expect(principal.roles == [.viewer])
      }
      #expect(provider.requests == 1)
    }
  }

  @Test func keysAreRotated() async throws {
    try await withProvider { provider, authenticator in
      let old = try SigningKey.es256("1")
      let new = try SigningKey.es256("2")
      provider.publish([old.published])
      _ = try await authenticator.principal(bearer: try await old.sign())
      provider.publish([new.published])
      _ = try await authenticator.principal(bearer: try await new.sign())
      #expect(provider.requests == 2)
      #expect(
        await reason(authenticator, try await old.sign())?.contains("no published key") == true)
    }
  }

  @Test func unknownKeysDoNotFloodTheProvider() async throws {
    try await withProvider(pause: .seconds(600)) { provider, authenticator in
      provider.publish([try SigningKey.es256("1").published])
      for id in 0..<5 {
        let stranger = try SigningKey.es256("x\(id)")
        #expect(await reason(authenticator, try await stranger.sign()) != nil)
      }
      #expect(provider.requests == 1)
    }
  }

  @Test func anotherKeyWithTheSameIdIsRefused() async throws {
    try await withProvider { provider, authenticator in
      provider.publish([try SigningKey.es256("1").published])
      let imposter = try SigningKey.es256("1")
      #expect(await reason(authenticator, try await imposter.sign()) == "the signature is wrong")
    }
  }

  /// The public key is public: it must never serve as the secret of an HMAC.
  @Test func algorithmsAreNotConfused() async throws {
    try await withProvider { provider, authenticator in
      let key = try SigningKey.rs256("r")
      provider.publish([key.published])
      _ = try await authenticator.principal(bearer: try await key.sign())
      let claims = base64URL(try JSONEncoder().encode(Claims()))
      let modulus = try #require(
        try JSONSerialization.jsonObject(with: Data(key.published.utf8)) as? [String: String])["n"]
      for secret in [Data(key.published.utf8), try #require(decodeBase64URL(modulus ?? ""))] {
        let header = base64URL(Data(#"{"alg":"HS256","kid":"r"}"#.utf8))
        let mac = HMAC<SHA256>.authenticationCode(
          for: Data("\(header).\(claims)".utf8), using: SymmetricKey(data: secret))
        let reason = await reason(authenticator, "\(header).\(claims).\(base64URL(Data(mac)))")
        #expect(reason?.contains("HS256 is refused") == true)
      }
      for header in [#"{"alg":"none"}"#, #"{"alg":"none","kid":"r"}"#] {
        let reason = await reason(authenticator, "\(base64URL(Data(header.utf8))).\(claims).")
        #expect(reason?.contains("none is refused") == true)
      }
      // An elliptic algorithm with the id of an RSA key.
      let signed = try await key.sign().split(separator: ".")
      let header = base64URL(Data(#"{"alg":"ES256","kid":"r"}"#.utf8))
      #expect(
        await reason(authenticator, "\(header).\(signed[1]).\(signed[2])")?
          .contains("no published key") == true)
    }
  }

  /// A token with any header and claims, signed with the key.
  private func token(
    _ header: String, _ claims: String, signedWith key: P256.Signing.PrivateKey
  ) throws -> String {
    let signed = [header, claims].map { base64URL(Data($0.utf8)) }.joined(separator: ".")
    let signature = try key.signature(for: Data(signed.utf8)).rawRepresentation
    return "\(signed).\(base64URL(signature))"
  }

  private func published(_ key: P256.Signing.PrivateKey, _ id: String) -> String {
    let point = key.publicKey.rawRepresentation
    let (x, y) = (base64URL(point.prefix(32)), base64URL(point.suffix(32)))
    return #"{"kty":"EC","crv":"P-256","kid":"\#(id)","alg":"ES256","x":"\#(x)","y":"\#(y)"}"#
  }

  /// A key that comes with the token, or from where the token says, is nobody's.
  @Test func whatATokenBringsAlongIsNoKey() async throws {
    try await withProvider { provider, authenticator in
      provider.publish([published(P256.Signing.PrivateKey(), "1")])
      let stranger = P256.Signing.PrivateKey()
      let claims = #"{"sub":"a","iss":"sluice","aud":"sluice","exp":99999999999}"#
      let jwk = published(stranger, "1")
      for (header, words) in [
        (#"{"alg":"ES256","kid":"1","jwk":\#(jwk)}"#, "the signature is wrong"),
        (#"{"alg":"ES256","kid":"2","jwk":\#(jwk)}"#, "no published key"),
        (#"{"alg":"ES256","jwk":\#(jwk)}"#, "the signature is wrong"),
        (#"{"alg":"ES256","kid":"1","jku":"http://127.0.0.1:1/keys"}"#, "the signature is wrong"),
        (#"{"alg":"ES256","kid":"1","x5u":"http://127.0.0.1:1/chain"}"#, "the signature is wrong"),
      ] {
        let token = try token(header, claims, signedWith: stranger)
        #expect(await reason(authenticator, token)?.contains(words) == true, "\(header)")
      }
    }
  }

  @Test func theClaimsAreCheckedWithPublishedKeysToo() async throws {
    try await withProvider { provider, authenticator in
      let key = P256.Signing.PrivateKey()
      provider.publish([published(key, "1")])
      let now = Int(Date().timeIntervalSince1970)
      func signed(_ claims: String) throws -> String {
        try token(#"{"alg":"ES256","kid":"1"}"#, "{\"sub\":\"a\",\(claims)}", signedWith: key)
      }
      // Within the skew of half a minute.
      for good in ["\"exp\":\(now - 10)", "\"exp\":\(now + 60),\"nbf\":\(now + 10)"] {
        _ = try await authenticator.principal(
          bearer: try signed("\(good),\"iss\":\"sluice\",\"aud\":\"sluice\""))
      }
      for (claims, words) in [
        ("\"exp\":\(now - 60),\"iss\":\"sluice\",\"aud\":\"sluice\"", "has expired"),
        (
          "\"exp\":\(now + 600),\"nbf\":\(now + 300),\"iss\":\"sluice\",\"aud\":\"sluice\"",
          "is not valid yet"
        ),
        ("\"iss\":\"sluice\",\"aud\":\"sluice\"", "has no exp claim"),
        ("\"exp\":\(now + 60),\"iss\":\"other\",\"aud\":\"sluice\"", "the issuer is wrong"),
        ("\"exp\":\(now + 60),\"iss\":\"sluice\",\"aud\":\"other\"", "the audience is wrong"),
      ] {
        #expect(
          await reason(authenticator, try signed(claims))?.contains(words) == true, "\(claims)")
      }
    }
  }

  @Test func aProviderThatIsDownIsNotTheCallersFault() async throws {
    try await withProvider { provider, authenticator in
      let key = try SigningKey.es256("1")
      provider.publish([key.published])
      provider.fail(.internalServerError)
      let token = try await key.sign()
      let problem = await #expect(throws: Problem.self) {
        try await authenticator.principal(bearer: token)
      }
      #expect(problem?.status == .serviceUnavailable)
      provider.fail(.ok)
      _ = try await authenticator.principal(bearer: token)
      // What was fetched goes on serving.
      provider.fail(.internalServerError)
      _ = try await authenticator.principal(bearer: token)
    }
  }
}
