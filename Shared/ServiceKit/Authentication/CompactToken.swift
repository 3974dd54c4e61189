import Contracts
import Foundation

/// A token in compact form, taken apart but not yet believed.
struct CompactToken {
  struct Header: Decodable {
    let alg: String
    let kid: String?
    let crit: [String]?
  }

  /// `aud` may be one string or several.
  struct Audience: Decodable {
    let values: [String]

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let one = try? container.decode(String.self) {
        values = [one]
      } else {
        values = try container.decode([String].self)
      }
    }
  }

  struct Claims: Decodable {
    let sub: String?
    let iss: String?
    let aud: Audience?
    /// Seconds since 1970, possibly with a fraction.
    let exp: Double?
    let nbf: Double?
    let roles: [String]?
    let jti: String?
  }

  let header: Header
  /// What the signature is over.
  let signed: Data
  let signature: Data
  private let payload: Data

  init(_ text: String) throws(AuthenticationFailure) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard text.utf8.count <= 16_384, parts.count == 3, let head = Base64URL.decode(parts[0]),
      let payload = Base64URL.decode(parts[1]), let signature = Base64URL.decode(parts[2]),
      let header = try? JSONCoding.decoder.decode(Header.self, from: head)
    else { throw AuthenticationFailure("the token is malformed") }
    guard header.crit == nil else {
      throw AuthenticationFailure("the token needs extensions that are not known here")
    }
    self.header = header
    self.payload = payload
    self.signature = signature
    self.signed = Data(text.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
  }

  /// To be called once the signature was found good.
  func claims() throws(AuthenticationFailure) -> Claims {
    do {
      return try JSONCoding.decoder.decode(Claims.self, from: payload)
    } catch {
      throw AuthenticationFailure("the claims of the token are malformed")
    }
  }
}
