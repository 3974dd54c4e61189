import Crypto
import Foundation
import Hummingbird
import NIOCore
import ServiceKit
import Testing

@Suite struct TokenTests {
  /// An authenticator and an issuer with one new key.
  private func withKey(
    now: Date = Date(), _ body: (Authenticator, TokenIssuer, String) async throws -> Void
  ) async throws {
    try await withTemporaryFolder { folder in
      let path = folder.appending(path: "key").path
      try TokenIssuer.createKeyFile(at: path)
      let authenticator = try Authenticator(
        TokenConfiguration(source: .keyFile(path)), logger: quiet, now: { now })
      try await body(authenticator, try TokenIssuer(keyFile: path), path)
    }
  }

  private func reason(_ authenticator: Authenticator, _ token: String) async -> String? {
    await #expect(throws: AuthenticationFailure.self) {
      try await authenticator.principal(bearer: token)
    }?.reason
  }

  /// A token with any header and claims, signed with the key of `path`.
  private func token(
    _ claims: String, header: String = #"{"alg":"HS256"}"#, keyFile path: String
  ) throws -> String {
    let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .newlines)
    let signed = "\(base64URL(Data(header.utf8))).\(base64URL(Data(claims.utf8)))"
    let key = SymmetricKey(data: try #require(decodeBase64URL(text)))
    let mac = HMAC<SHA256>.authenticationCode(for: Data(signed.utf8), using: key)
    return "\(signed).\(base64URL(Data(mac)))"
  }

  @Test func anIssuedTokenIsBelieved() async throws {
    try await withKey { authenticator, issuer, path in
      let token = try issuer.token(
        subject: "li.wei", roles: [.rep, .manager], expiresIn: .seconds(60))
      let principal = try await authenticator.principal(bearer: token)
      #expect(principal.subject == "li.wei")
      #expect(principal.roles == [.rep, .manager])
      #expect(principal.tokenID != nil)
      let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions]
      #expect(mode as? Int == 0o600)
      #expect(throws: KeyFileError.self) { try TokenIssuer.createKeyFile(at: path) }
    }
  }

  @Test func times() async throws {
    let now = Date(timeIntervalSince1970: 1_800_000_000)
    try await withKey(now: now) { authenticator, _, path in
      func claims(_ times: String) throws -> String {
        try token(#"{"sub":"a","iss":"sluice","aud":["x","sluice"]\#(times)}"#, keyFile: path)
      }
      for good in [
        ",\"exp\":1800000001", ",\"exp\":1799999971", ",\"exp\":1800000001.5,\"nbf\":1800000030",
      ] {
        _ = try await authenticator.principal(bearer: try claims(good))
      }
      #expect(
        await reason(authenticator, try claims(",\"exp\":1799999970")) == "the token has expired")
      #expect(
        await reason(authenticator, try claims(",\"exp\":1800000099,\"nbf\":1800000031"))
          == "the token is not valid yet")
      #expect(await reason(authenticator, try claims("")) == "the token has no exp claim")
      #expect(
        await reason(authenticator, try claims(",\"exp\":\"never\""))
          == "the claims of the token are malformed")
    }
  }

  @Test func claims() async throws {
    try await withKey { authenticator, _, path in
      func refused(_ claims: String) async throws -> String? {
        await reason(
          authenticator, try token("{\"exp\":99999999999,\(claims)}", keyFile: path))
      }
      #expect(
        try await refused(#""sub":"a","iss":"other","aud":"sluice""#)
          == "the issuer is wrong: expected sluice")
      #expect(
        try await refused(#""sub":"a","aud":"sluice""#) == "the issuer is wrong: expected sluice")
      #expect(
        try await refused(#""sub":"a","iss":"sluice","aud":["other"]"#)
          == "the audience is wrong: expected sluice")
      #expect(
        try await refused(#""sub":"a","iss":"sluice""#)
          == "the audience is wrong: expected sluice")
      #expect(
        try await refused(#""iss":"sluice","aud":"sluice""#) == "the token has no sub claim")
      let foreign = try token(
        #"{"exp":99999999999,"sub":"a","iss":"sluice","aud":"sluice","roles":["chef","viewer"]}"#,
        keyFile: path)
      #expect(try await authenticator.principal(bearer: foreign).roles == [.viewer])
    }
  }

  @Test func signatures() async throws {
    try await withKey { authenticator, issuer, path in
      let good = try issuer.token(subject: "a", roles: [.rep], expiresIn: .seconds(60))
      let parts = good.split(separator: ".").map(String.init)
      let admin = try #require(decodeBase64URL(parts[1]))
      let forged = String(decoding: admin, as: UTF8.self).replacing("rep", with: "admin")
      #expect(
        await reason(authenticator, "\(parts[0]).\(base64URL(Data(forged.utf8))).\(parts[2])")
          == "the signature is wrong")
      #expect(await reason(authenticator, "\(parts[0]).\(parts[1]).") == "the signature is wrong")
      let claims = String(decoding: admin, as: UTF8.self)
      for algorithm in ["none", "None", "RS256", "HS512", "a\\\"b"] {
        let token = try token(claims, header: "{\"alg\":\"\(algorithm)\"}", keyFile: path)
        let reason = try #require(await reason(authenticator, token))
        #expect(reason.contains("is refused: expected HS256"))
        #expect(!reason.contains("\""))
      }
      let critical = try token(
        claims, header: #"{"alg":"HS256","crit":["exp"]}"#, keyFile: path)
      #expect(await reason(authenticator, critical)?.contains("extensions") == true)
    }
  }

  @Test(arguments: [
    "", "a", "a.b", "a.b.c", "....", "a.b.c.d", "{}.{}.{}", "商.机.!",
    String(repeating: "a", count: 100_000), "eyJhbGciOjF9.e30.",
  ])
  func garbage(_ token: String) async throws {
    try await withKey { authenticator, _, _ in
      #expect(await reason(authenticator, token) == "the token is malformed")
    }
  }

  @Test func unusableKeyFiles() async throws {
    try await withTemporaryFolder { folder in
      for (name, content, words) in [
        ("short", "c2hvcnQ", "holds 5 bytes"), ("text", "not a key!", "is not base64url"),
        ("empty", "", "holds 0 bytes"),
      ] {
        let file = folder.appending(path: name)
        try Data(content.utf8).write(to: file)
        let error = try #require(throws: KeyFileError.self) {
          try TokenIssuer(keyFile: file.path)
        }
        #expect(error.description.contains(words))
      }
      let missing = folder.appending(path: "missing").path
      #expect(throws: KeyFileError.self) {
        try Authenticator(TokenConfiguration(source: .keyFile(missing)))
      }
    }
  }

  @Test func overHTTP() async throws {
    try await withKey { authenticator, issuer, _ in
      let router = makeServiceRouter()
      router.group("v1").add(middleware: AuthenticationMiddleware(authenticator))
        .get("who") { _, context in context.principal?.subject ?? "nobody" }
        .post("publish") { _, context in
          try context.require(.manager, .admin).subject
        }
      try await serving(router) { url in
        let none = try await fetch(url + "/v1/who")
        #expect(none.status == 401)
        #expect(none.header("www-authenticate") == [#"Bearer realm="sluice""#])
        #expect(try none.json["code"] as? String == "token-required")

        let expired = try issuer.token(subject: "a", roles: [.rep], expiresIn: .seconds(-60))
        let late = try await fetch(
          url + "/v1/who", headers: [("Authorization", "Bearer \(expired)")])
        #expect(late.status == 401)
        #expect(
          late.header("www-authenticate") == [
            #"Bearer realm="sluice", error="invalid_token", error_description="the token has expired""#
          ])

        let token = try issuer.token(subject: "a", roles: [.rep], expiresIn: .seconds(60))
        let headers = [("Authorization", "bearer  \(token)")]
        #expect(try await fetch(url + "/v1/who", headers: headers).text == "a")
        let refused = try await fetch(url + "/v1/publish", method: "POST", headers: headers)
        #expect(refused.status == 403)
        #expect(try (refused.json["detail"] as? String)?.contains("manager, admin") == true)
        let basic = try await fetch(url + "/v1/who", headers: [("Authorization", "Basic YTpi")])
        #expect(basic.status == 401)
      }
    }
  }
}

func base64URL(_ data: Data) -> String {
  data.base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
    .replacing("=", with: "")
}

func decodeBase64URL(_ text: String) -> Data? {
  let standard = text.replacing("-", with: "+").replacing("_", with: "/")
  return Data(base64Encoded: standard + String(repeating: "=", count: (4 - standard.count % 4) % 4))
}
