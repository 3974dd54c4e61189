package import Contracts
import HTTPTypes
package import Hummingbird
import NIOCore

/// An event as a request brought it.
package struct ReceivedEvent: Hashable, Sendable {
  package var event: CloudEvent
  /// The data's bytes, whatever they are; those of `null` where a structured event has none.
  package var data: [UInt8]
  package var dataContentType: String?
  /// Position in the batch, from 0; nil where the event came alone.
  package var index: Int?

  /// JSON pointer to something within the data, for a complaint about it: in a structured event the
  /// data stands below `/data`, in a binary one it is the whole body.
  ///
  /// - Parameter inner: pointer within the data, such as `/kind`.
  package func pointer(toData inner: String) -> String { dataPointer + inner }

  fileprivate let dataPointer: String
}

/// Reads the events of a request by the CloudEvents HTTP protocol binding, in binary, structured
/// and batched mode. An empty batch is a good one.
///
/// Throws a ``Problem``: 400 `not-a-cloud-event` where it is no event at all, 400
/// `invalid-envelope` with all that is wrong with its attributes, 400 `invalid-json`, 413, or 415
/// for an event format other than JSON.
package func cloudEvents(
  of request: Request, context: ServiceRequestContext
) async throws -> [ReceivedEvent] {
  let contentType = request.headers[.contentType]
  let mode = try ContentMode(contentType, headers: request.headers)
  let buffer = try await request.body.collect(upTo: context.maxUploadSize)
  let body = Array(buffer.readableBytesView)
  switch mode {
  case .binary:
    return [try binaryEvent(request.headers, contentType: contentType, body: body)]
  case .structured:
    let value = try RequestBodyDecoder.decode(JSONValue.self, from: body)
    return try structuredEvents([(nil, value)])
  case .batched:
    guard case .array(let items) = try RequestBodyDecoder.decode(JSONValue.self, from: body) else {
      throw Problem.invalidEnvelope([.notAnArray])
    }
    return try structuredEvents(items.enumerated().map { ($0.offset, $0.element) })
  }
}

private func binaryEvent(
  _ headers: HTTPFields, contentType: String?, body: [UInt8]
) throws -> ReceivedEvent {
  do throws(EnvelopeFaults) {
    let event = try CloudEvent { name throws(EnvelopeFault) in
      try attributeHeader(name, in: headers).map(JSONValue.string)
    }
    return ReceivedEvent(
      event: event, data: body, dataContentType: contentType, index: nil, dataPointer: "")
  } catch {
    throw Problem.invalidEnvelope(
      error.faults.map { fault in
        let header = "ce-\(fault.attribute)"
        return ProblemError(
          code: fault.code, field: header,
          message: fault.message(at: LocalizedText(zh: "请求头 \(header)", en: "the header \(header)"))
        )
      })
  }
}

private func structuredEvents(_ values: [(index: Int?, value: JSONValue)]) throws -> [ReceivedEvent]
{
  var events: [ReceivedEvent] = []
  var errors: [ProblemError] = []
  for (index, value) in values {
    let base = index.map { "/\($0)" } ?? ""
    guard case .object(let members) = value else {
      errors.append(.notAnObject(base))
      continue
    }
    do throws(EnvelopeFaults) {
      let read = try StructuredEvent(members)
      let isEncoded = members["data_base64"].map { $0 != .null } ?? false
      events.append(
        ReceivedEvent(
          event: read.event, data: read.data, dataContentType: read.dataContentType, index: index,
          dataPointer: base + (isEncoded ? "/data_base64" : "/data")))
    } catch {
      errors += error.faults.map { fault in
        let pointer = "\(base)/\(fault.attribute)"
        return ProblemError(
          code: fault.code, pointer: pointer, field: fault.attribute,
          message: fault.message(at: LocalizedText(zh: pointer, en: pointer)))
      }
    }
  }
  guard errors.isEmpty else { throw Problem.invalidEnvelope(errors) }
  return events
}
