import CRdKafka

/// A failure of the Kafka client or of a broker.
///
/// `reason` is fit for logs and for people: it never holds the value of a secret setting.
package struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
  package let code: Code
  package let reason: String
  /// The same call can succeed later without any change on our side.
  package let isRetriable: Bool
  /// The client handle can no longer be used. A `KafkaProducer` renews its handle by itself; a
  /// consumer has to be closed and made again.
  package let isFatal: Bool

  package init(_ code: Code, _ reason: String, isFatal: Bool = false) {
    self.code = code
    self.reason = reason
    self.isRetriable = Self.retriable.contains(code)
    self.isFatal = isFatal
  }

  /// The broker will never take this record (too large, invalid, against a policy): resending it
  /// is useless.
  package var isPermanentForRecord: Bool { Self.permanentForRecord.contains(code) }

  package var description: String {
    "\(reason) (\(code)\(isFatal ? ", fatal" : ""))"
  }
}

extension KafkaError {
  /// An error code of librdkafka: negative ones arose in this process, positive ones at a broker.
  package struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package let rawValue: Int32

    package init(rawValue: Int32) { self.rawValue = rawValue }

    package var description: String {
      switch self {
      case .closed: "CLOSED"
      case .invalidConfiguration: "INVALID_CONFIGURATION"
      default: String(cString: rd_kafka_err2name(rd_kafka_resp_err_t(rawValue: rawValue)))
      }
    }
  }
}

extension KafkaError {
  /// - Parameter reason: what librdkafka said beyond the code's own text.
  init(_ native: rd_kafka_resp_err_t, _ reason: String? = nil, isFatal: Bool = false) {
    let text = reason.flatMap { $0.isEmpty ? nil : $0 } ?? String(cString: rd_kafka_err2str(native))
    self.init(
      Code(rawValue: native.rawValue), text,
      isFatal: isFatal || native == RD_KAFKA_RESP_ERR__FATAL)
  }

  /// Takes over an error object and frees it.
  init(consuming native: OpaquePointer) {
    defer { rd_kafka_error_destroy(native) }
    self.init(
      rd_kafka_error_code(native), String(cString: rd_kafka_error_string(native)),
      isFatal: rd_kafka_error_is_fatal(native) != 0)
  }

  /// Throws unless the code says that all went well.
  static func check(
    _ native: rd_kafka_resp_err_t, _ reason: @autoclosure () -> String? = nil
  ) throws(KafkaError) {
    if native != RD_KAFKA_RESP_ERR_NO_ERROR { throw KafkaError(native, reason()) }
  }
}
