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
    guard message.header("ce_specversion") != nil else {
      throw MessageFailure(
        .notAnEvent,
        "neither a ce_specversion header nor content-type application/cloudevents+json")
    }
    do throws(EnvelopeFaults) {
      let event = try CloudEvent { name throws(EnvelopeFault) in
        message.header("ce_\(name)").map(JSONValue.string)
      }
      return (event, value)
    } catch {
      throw error.failure { "the header ce_\($0)" }
    }
  }

  private static func structured(
    _ value: [UInt8]
  ) throws(MessageFailure) -> (event: CloudEvent, data: [UInt8]) {
    let members: [String: JSONValue]
    do {
      members = try JSONCoding.decode([String: JSONValue].self, from: value)
    } catch {
      throw MessageFailure(.invalidEnvelope, JSONCoding.explain(error))
    }
    do throws(EnvelopeFaults) {
      let event = try StructuredEvent(members)
      return (event.event, event.data)
    } catch {
      throw error.failure { "/\($0)" }
    }
  }
}

/// An event in the JSON format of CloudEvents: attributes and data in one object.
package struct StructuredEvent: Hashable, Sendable {
  package var event: CloudEvent
  /// JSON, or the very bytes of `data_base64`, or those of a text that `datacontenttype` calls
  /// something other than JSON; `null` where there is none.
  package var data: [UInt8]
  package var dataContentType: String?

  package init(_ members: [String: JSONValue]) throws(EnvelopeFaults) {
    var faults: [EnvelopeFault] = []
    do {
      event = try CloudEvent { name throws(EnvelopeFault) in members[name] }
    } catch {
      faults = error.faults
      event = CloudEvent(id: "", source: "", type: "")
    }
    switch members["datacontenttype"] {
    case nil, .null?: dataContentType = nil
    case .string(let type)?: dataContentType = type
    default: faults.append(EnvelopeFault("datacontenttype", .notText))
    }
    data = []
    do throws(EnvelopeFault) {
      data = try StructuredEvent.data(of: members, type: dataContentType)
    } catch {
      faults.append(error)
    }
    guard faults.isEmpty else { throw EnvelopeFaults(faults) }
  }

  private static func data(
    of members: [String: JSONValue], type: String?
  ) throws(EnvelopeFault) -> [UInt8] {
    let value = members["data"] ?? .null
    switch members["data_base64"] {
    case nil, .null?: break
    case .string(let text)?:
      guard value == .null else { throw EnvelopeFault("data_base64", .dataTwice) }
      guard let bytes = Data(base64Encoded: text) else {
        throw EnvelopeFault("data_base64", .notBase64)
      }
      return Array(bytes)
    default: throw EnvelopeFault("data_base64", .notText)
    }
    if case .string(let text) = value, let type, !isJSON(type) { return Array(text.utf8) }
    // What was read as JSON can be written as such.
    return (try? JSONCoding.encode(value)) ?? []
  }

  private static func isJSON(_ contentType: String) -> Bool {
    let type = contentType.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
    return type.hasSuffix("/json") || type.hasSuffix("+json")
  }
}
