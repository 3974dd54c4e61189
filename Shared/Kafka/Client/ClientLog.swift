import CRdKafka
import Logging

extension Logger {
  /// Writes a log event of librdkafka's.
  func logClientEvent(_ event: OpaquePointer) {
    var facility: UnsafePointer<CChar>?
    var text: UnsafePointer<CChar>?
    var syslogLevel: Int32 = 0
    guard rd_kafka_event_log(event, &facility, &text, &syslogLevel) == 0, let text else { return }
    let level: Logger.Level =
      switch syslogLevel {
      // The client goes on by itself; what can't be mended arrives as an error.
      case ...4: .warning
      case 5, 6: .info
      default: .debug
      }
    log(
      level: level, "\(String(cString: text))",
      metadata: ["facility": "\(facility.map { String(cString: $0) } ?? "")"])
  }
}
