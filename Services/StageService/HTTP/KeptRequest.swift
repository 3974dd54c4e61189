import Contracts
import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import ServiceKit

/// A request that carries an Idempotency-Key: its answer is kept under the caller and the key.
struct KeptRequest {
  let subject: String
  let key: String
  let hash: [UInt8]

  /// Nil when the request has no key.
  init?(_ request: Request, subject: String, body: [UInt8]) throws {
    guard let name = HTTPField.Name("Idempotency-Key"), let key = request.headers[name] else {
      return nil
    }
    guard (1...200).contains(key.utf8.count) else {
      throw Problem.invalidRequest([
        ProblemError(
          code: "invalid-header", field: "Idempotency-Key",
          message: LocalizedText(
            zh: "Idempotency-Key 须为 1 至 200 个字节", en: "Idempotency-Key must have 1 to 200 bytes"))
      ])
    }
    self.subject = subject
    self.key = key
    var digest = SHA256()
    digest.update(data: Data("\(request.method) \(request.uri.path)\n".utf8))
    digest.update(data: Data(body))
    hash = Array(digest.finalize())
  }

  /// The request's part from the n-th deal on, with a key that no request can have.
  func part(from index: Int) -> KeptRequest {
    KeptRequest(subject: subject, key: "\(key)\u{1F}\(index)", hash: hash)
  }

  private init(subject: String, key: String, hash: [UInt8]) {
    self.subject = subject
    self.key = key
    self.hash = hash
  }

  func answer(_ answer: CommandEndpoint.Answer, etag: String?) -> KeptAnswer {
    KeptAnswer(
      subject: subject, key: key, requestHash: hash, status: answer.status.code,
      body: answer.body, etag: etag, location: answer.location)
  }

  func answer(_ problem: Problem) throws -> KeptAnswer {
    KeptAnswer(
      subject: subject, key: key, requestHash: hash, status: problem.status.code,
      body: try problem.encoded(), etag: problem.headers[.eTag])
  }
}
