import Kafka
import ServiceKit

/// Asks the broker for its metadata: the one question that only a living broker answers.
struct BrokerProbe: Sendable {
  private let admin: KafkaAdmin

  init(_ admin: KafkaAdmin) { self.admin = admin }

  func check() async -> CheckResult {
    do {
      _ = try await admin.metadata(timeout: .milliseconds(1_500))
      return .ok
    } catch {
      return .failing("the broker does not answer: \(error)")
    }
  }

  func close() async { await admin.close(within: .seconds(1)) }
}
