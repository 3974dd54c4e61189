import Contracts
import Foundation
import HTTPTypes

/// In which of the three ways a request carries events.
enum ContentMode {
  /// Attributes in `ce-` headers, the data as the body.
  case binary
  /// One JSON object.
  case structured
  /// A JSON array of such objects.
  case batched

  init(_ contentType: String?, headers: HTTPFields) throws {
    let parts = (contentType ?? "").lowercased().split(separator: ";")
      .map { $0.trimmingCharacters(in: .whitespaces) }
    let type = parts.first ?? ""
    guard type.hasPrefix("application/cloudevents") else {
      guard headers.contains(where: { $0.name.canonicalName.hasPrefix("ce-") }) else {
        throw Problem.notACloudEvent
      }
      self = .binary
      return
    }
    switch type {
    case "application/cloudevents+json": self = .structured
    case "application/cloudevents-batch+json": self = .batched
    default: throw Problem.unsupportedEventFormat(contentType ?? "")
    }
    // JSON between systems is UTF-8 (RFC 8259); ASCII is part of it.
    for parameter in parts.dropFirst() where parameter.hasPrefix("charset=") {
      let charset = parameter.dropFirst("charset=".count)
        .trimmingCharacters(in: CharacterSet(charactersIn: "\""))
      guard ["utf-8", "utf8", "us-ascii"].contains(charset) else {
        throw Problem.unsupportedEventFormat(contentType ?? "")
      }
    }
  }
}
