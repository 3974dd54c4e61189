import Kafka
import Postgres

extension KafkaError: OperatorError {
  var status: ExitStatus { code == .invalidConfiguration ? .usage : .unavailable }

  var explanation: String {
    switch code {
    case .transport, .resolve, .timedOut, .allBrokersDown:
      "Kafka cannot be reached: \(self); is it running, and is KAFKA_BOOTSTRAP_SERVERS right?"
    case .unknownTopicOrPartition, .unknownTopicLocally:
      "Kafka lacks a topic: \(self); sluice topics ensure makes all of them"
    default: "Kafka: \(self)"
    }
  }
}

extension PostgresError: OperatorError {
  var status: ExitStatus { code == .invalidConfiguration ? .usage : .unavailable }

  var explanation: String {
    code == .connectionFailed
      ? "\(self); is it running, and is SLUICE_DATABASE_URL right?" : String(describing: self)
  }
}
