import Foundation

extension CloudEvent {
  /// The binary mode of the Kafka protocol binding: attributes as `ce_` headers, data as the value.
  package func binary(key: String, data: [UInt8]) -> WireMessage {
    var headers: [WireMessage.Header] = [
      .init("ce_specversion", "1.0"), .init("ce_id", id), .init("ce_source", source),
      .init("ce_type", type), .init("content-type", "application/json"),
    ]
    if let subject { headers.append(.init("ce_subject", subject)) }
    if let time { headers.append(.init("ce_time", time.description)) }
    if let traceparent { headers.append(.init("ce_traceparent", traceparent)) }
    if let tracestate { headers.append(.init("ce_tracestate", tracestate)) }
    return WireMessage(key: Array(key.utf8), value: data, headers: headers)
  }

  /// Reads binary and structured mode. Returns nil for a tombstone (null value).
  package static func decode(
    _ message: WireMessage
  ) throws(MessageFailure) -> (event: CloudEvent, data: [UInt8])? {
    guard let value = message.value else { return nil }
    let contentType = message.header("content-type")?.lowercased() ?? ""
    if contentType.hasPrefix("application/cloudevents") {
      guard contentType.hasPrefix("application/cloudevents+json") else {
        throw MessageFailure(
          .notAnEvent,
          "content-type \(contentType) is not supported; expected application/cloudevents+json")
      }
      return try structured(value)
    }
    guard let version = message.header("ce_specversion") else {
      throw MessageFailure(
        .notAnEvent,
        "neither a ce_specversion header nor content-type application/cloudevents+json")
    }
    guard version == "1.0" else {
      throw MessageFailure(.invalidEnvelope, "ce_specversion is \(version); expected 1.0")
    }
    func attribute(_ name: String) throws(MessageFailure) -> String {
      guard let text = message.header("ce_\(name)"), !text.isEmpty else {
        throw MessageFailure(.invalidEnvelope, "the header ce_\(name) is missing or empty")
      }
      return text
    }
    let event = CloudEvent(
      id: try attribute("id"), source: try attribute("source"), type: try attribute("type"),
      subject: message.header("ce_subject"), time: try instant(message.header("ce_time")),
      traceparent: message.header("ce_traceparent"), tracestate: message.header("ce_tracestate"))
    return (event, value)
  }

  private static func instant(_ text: String?) throws(MessageFailure) -> Instant? {
    guard let text else { return nil }
    guard let instant = Instant(text) else {
      throw MessageFailure(.invalidEnvelope, "the time \(text) is not RFC 3339")
    }
    return instant
  }

  private struct Structured: Decodable {
    var specversion: String
    var id: String
    var source: String
    var type: String
    var subject: String?
    var time: Instant?
    var traceparent: String?
    var tracestate: String?
    var data: JSONValue?
  }

  private static func structured(
    _ value: [UInt8]
  ) throws(MessageFailure) -> (event: CloudEvent, data: [UInt8]) {
    let decoded: Structured
    let data: [UInt8]
    do {
      decoded = try JSONCoding.decode(Structured.self, from: value)
      data = try JSONCoding.encode(decoded.data ?? .null)
    } catch {
      throw MessageFailure(.invalidEnvelope, JSONCoding.explain(error))
    }
    guard decoded.specversion == "1.0" else {
      throw MessageFailure(
        .invalidEnvelope, "specversion is \(decoded.specversion); expected 1.0")
    }
    for (name, text) in [("id", decoded.id), ("source", decoded.source), ("type", decoded.type)]
    where text.isEmpty {
      throw MessageFailure(.invalidEnvelope, "/\(name) is empty")
    }
    let event = CloudEvent(
      id: decoded.id, source: decoded.source, type: decoded.type, subject: decoded.subject,
      time: decoded.time, traceparent: decoded.traceparent, tracestate: decoded.tracestate)
    return (event, data)
  }
}
