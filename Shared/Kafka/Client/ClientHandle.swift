import CRdKafka
import Foundation
import Logging

/// One `rd_kafka_t`.
///
/// Owner: every object that uses the handle holds this class, and the last one to let go frees it.
/// Thread: librdkafka's handle functions may be called from any thread. `rd_kafka_destroy` joins
/// librdkafka's threads and can take long, so it runs on a thread of its own; `destroyed` tells when
/// it came back.
final class ClientHandle: @unchecked Sendable {
  let native: OpaquePointer
  let destroyed = Promise<Void>()

  /// - Parameters:
  ///   - settings: librdkafka's names and values.
  ///   - events: the `RD_KAFKA_EVENT_*` that are to arrive on the queue.
  init(
    _ type: rd_kafka_type_t, settings: [String: String], events: Int32,
    configuration: KafkaConfiguration, logger: Logger
  ) throws(KafkaError) {
    if let warning = configuration.scramWarning(librdkafkaVersion: rd_kafka_version()) {
      logger.warning("\(warning)", metadata: ["librdkafka": "\(Self.libraryVersion)"])
    }
    let conf = try Self.makeConf(settings)
    rd_kafka_conf_set_events(conf, events)
    if configuration.usesOAuthBearer { rd_kafka_conf_enable_sasl_queue(conf, 1) }

    var reason = [CChar](repeating: 0, count: 512)
    guard let native = rd_kafka_new(type, conf, &reason, reason.count) else {
      // librdkafka takes the conf over only on success.
      rd_kafka_conf_destroy(conf)
      throw KafkaError(
        .invalidConfiguration, Self.redact(Self.text(reason), secretsOf: settings))
    }
    self.native = native
    rd_kafka_set_log_queue(native, nil)
    // Tokens (OIDC) are then refreshed on librdkafka's own thread, whether or not anybody polls. The
    // built-in unsecured tokens need no refresh and have no queue for it.
    if configuration.usesOAuthBearer,
      let failure = rd_kafka_sasl_background_callbacks_enable(native)
    {
      let error = KafkaError(consuming: failure)
      if error.code != .notConfigured { throw error }
    }
  }

  deinit {
    let native = UncheckedSendable(native)
    let destroyed = destroyed
    Thread.detachNewThread {
      // A consumer that was not closed before must not wait here for its group.
      rd_kafka_destroy_flags(native.value, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
      destroyed.fulfil(())
    }
  }

  static var libraryVersion: String { String(cString: rd_kafka_version_str()) }

  /// The first fatal error raised on this handle, if any.
  var fatalError: KafkaError? {
    var reason = [CChar](repeating: 0, count: 512)
    let code = rd_kafka_fatal_error(native, &reason, reason.count)
    guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
    return KafkaError(code, Self.text(reason), isFatal: true)
  }

  /// Blocks up to `timeout` until the cluster is known.
  func clusterID(timeout: Duration) throws(KafkaError) -> String {
    guard let id = rd_kafka_clusterid(native, timeout.milliseconds) else {
      throw KafkaError(.timedOut, "the Kafka cluster did not tell its id in time")
    }
    defer { rd_kafka_mem_free(native, id) }
    return String(cString: id)
  }

  /// Blocks; librdkafka 2.0.2 ignores the time-out, so the caller keeps a deadline of its own. A
  /// partition that was made or moved just now has a leader in a moment: that is waited for.
  func queryWatermarks(
    of source: TopicPartition, timeout: Duration
  ) throws(KafkaError) -> Watermarks {
    let deadline = ContinuousClock.now + timeout
    var marks = Watermarks(low: 0, high: 0)
    while true {
      let code = rd_kafka_query_watermark_offsets(
        native, source.topic, source.partition, &marks.low, &marks.high, timeout.milliseconds)
      let waitsForLeader =
        code == RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION
        || code == RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
      if waitsForLeader, ContinuousClock.now < deadline {
        Thread.sleep(forTimeInterval: 0.05)
        continue
      }
      try KafkaError.check(
        code, "watermarks of \(source): \(String(cString: rd_kafka_err2str(code)))")
      return marks
    }
  }

  static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

extension ClientHandle {
  private static func makeConf(_ settings: [String: String]) throws(KafkaError) -> OpaquePointer {
    let conf = rd_kafka_conf_new()!
    var reason = [CChar](repeating: 0, count: 512)
    for (name, value) in settings.sorted(by: { $0.key < $1.key }) {
      let result = rd_kafka_conf_set(conf, name, value, &reason, reason.count)
      guard result != RD_KAFKA_CONF_OK else { continue }
      rd_kafka_conf_destroy(conf)
      if result == RD_KAFKA_CONF_UNKNOWN {
        throw KafkaError(
          .invalidConfiguration, "librdkafka \(libraryVersion) has no setting named \"\(name)\"")
      }
      let detail = KafkaConfiguration.isSecret(name) ? "" : ": \(text(reason))"
      throw KafkaError(
        .invalidConfiguration,
        "the Kafka setting \"\(name)\" has a value that can't be used\(detail)"
      )
    }
    return conf
  }

  private static func redact(_ text: String, secretsOf settings: [String: String]) -> String {
    settings.reduce(text) { text, setting in
      guard KafkaConfiguration.isSecret(setting.key), !setting.value.isEmpty else { return text }
      return text.replacing(setting.value, with: "…")
    }
  }
}

/// Carries a C pointer into a closure that alone uses it from then on.
struct UncheckedSendable<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

extension Duration {
  /// For librdkafka's time-outs: never negative, never "for ever".
  var milliseconds: Int32 {
    let parts = components
    let milliseconds = Double(parts.seconds) * 1_000 + Double(parts.attoseconds) / 1e15
    return Int32(min(max(milliseconds.rounded(.up), 0), Double(Int32.max)))
  }
}
