/// A CloudEvents 1.0 envelope without its data.
package struct CloudEvent: Hashable, Sendable {
  package var id: String
  package var source: String
  package var type: String
  package var subject: String?
  package var time: Instant?
  /// W3C trace context, by the CloudEvents extension for distributed tracing.
  package var traceparent: String?
  package var tracestate: String?

  package init(
    id: String, source: String, type: String, subject: String? = nil, time: Instant? = nil,
    traceparent: String? = nil, tracestate: String? = nil
  ) {
    self.id = id
    self.source = source
    self.type = type
    self.subject = subject
    self.time = time
    self.traceparent = traceparent
    self.tracestate = tracestate
  }
}

/// A message on its way to or from Kafka: the parts that the CloudEvents Kafka binding speaks of.
package struct WireMessage: Hashable, Sendable {
  package struct Header: Hashable, Sendable {
    package var name: String
    package var value: [UInt8]?

    package init(_ name: String, _ value: [UInt8]?) {
      self.name = name
      self.value = value
    }

    package init(_ name: String, _ value: String) { self.init(name, Array(value.utf8)) }

    fileprivate func isNamed(_ lowercased: String) -> Bool {
      var (name, wanted) = (name, lowercased)
      guard name.utf8.count == wanted.utf8.count else { return false }
      return name.withUTF8 { bytes in
        wanted.withUTF8 { wanted in
          bytes.indices.allSatisfy { index in
            bytes[index] == wanted[index]
              || (bytes[index] | 0x20 == wanted[index] && (65...90).contains(bytes[index]))
          }
        }
      }
    }
  }

  package var key: [UInt8]?
  package var value: [UInt8]?
  package var headers: [Header]

  package init(key: [UInt8]?, value: [UInt8]?, headers: [Header]) {
    self.key = key
    self.value = value
    self.headers = headers
  }

  /// Of key, value and headers.
  package var byteCount: Int {
    headers.reduce((key?.count ?? 0) + (value?.count ?? 0)) {
      $0 + $1.name.utf8.count + ($1.value?.count ?? 0)
    }
  }

  /// The last header of that name as text; names compare without case.
  ///
  /// - Parameter name: in lower case.
  package func header(_ name: String) -> String? {
    headers.last { $0.isNamed(name) }?.value.map { String(decoding: $0, as: UTF8.self) }
  }
}

/// Why a message could not be read. `code` is stable and goes into the dead letter.
package struct MessageFailure: Error, Hashable, Sendable, CustomStringConvertible {
  package enum Code: String, Sendable {
    case notAnEvent = "not-a-cloud-event"
    case invalidEnvelope = "invalid-envelope"
    case invalidData = "invalid-data"
    /// Well-formed, but what it asks for can never be done.
    case unprocessable
  }

  package var code: Code
  /// What, where, and what would be right, in English.
  package var reason: String

  package init(_ code: Code, _ reason: String) {
    self.code = code
    self.reason = reason
  }

  package var description: String { "\(code.rawValue): \(reason)" }
}
