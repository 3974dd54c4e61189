import Contracts
import HTTPTypes
import Hummingbird
import ServiceKit

/// The version of a deal on HTTP: its sequence in quotes.
enum EntityTag {
  static func text(_ sequence: Int64) -> String { "\"\(sequence)\"" }

  /// The sequence that the caller saw; nil where there is no If-Match, or any will do.
  static func ifMatch(_ request: Request) throws -> Int64? {
    guard let header = request.headers[.ifMatch], header != "*" else { return nil }
    let bare = header.hasPrefix("W/") ? header.dropFirst(2) : header[...]
    guard bare.count > 2, bare.first == "\"", bare.last == "\"",
      let sequence = Int64(bare.dropFirst().dropLast())
    else {
      throw Problem.invalidRequest([
        ProblemError(
          code: "invalid-header", field: "If-Match",
          message: LocalizedText(
            zh: "If-Match 须为读取时得到的 ETag，例如 \"3\"",
            en: "If-Match must be the ETag of the answer you read, such as \"3\""))
      ])
    }
    return sequence
  }
}
