import CRdKafka
import Logging

extension Logger {
  /// Writes a log event of librdkafka's.
  func logClientEvent(_ event: OpaquePointer) {
    var facility: UnsafePointer<CChar>?
    var text: UnsafePointer<CChar>?
    var syslogLevel: Int32 = 0
    guard rd_kafka_event_log(event, &facility, &text, &syslogLevel) == 0, let text else { return }
    let message = String(cString: text)
    let level: Logger.Level =
      switch syslogLevel {
      // One set of settings serves consumers and producers; each skips the other's.
      case _ where message.contains("property and will be ignored by this"): .debug
      // The client goes on by itself; what can't be mended arrives as an error.
      case ...4: .warning
      case 5, 6: .info
      default: .debug
      }
    log(
      level: level, "\(message)",
      metadata: ["facility": "\(facility.map { String(cString: $0) } ?? "")"])
  }
}
