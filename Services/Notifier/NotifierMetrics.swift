import Metrics
import ServiceKit

/// The figures of the notifier.
enum NotifierMetrics {
  static func attempt(_ attempt: Attempt, _ verdict: Verdict, _ recorded: Recorded) {
    let outcome =
      switch attempt.outcome {
      case .failed: "no-answer"
      case .answered(let status, _, _, _): "\(status / 100)xx"
      }
    Counter(label: "sluice_notifier_attempts_total", dimensions: [("outcome", outcome)])
      .increment()
    Timer(label: "sluice_notifier_attempt_seconds").recordMilliseconds(attempt.milliseconds)
    if case .superseded = recorded { return }
    switch verdict {
    case .delivered: finished("delivered")
    case .failed: finished("failed")
    case .retry, .gone: break
    }
    if case .disabled = recorded { Counter(label: "sluice_notifier_disabled_total").increment() }
  }

  private static func finished(_ outcome: String) {
    Counter(label: "sluice_notifier_deliveries_total", dimensions: [("outcome", outcome)])
      .increment()
  }

  static func backlog(depth: Int, age: Double) {
    Gauge(label: "sluice_notifier_pending_deliveries").record(depth)
    Gauge(label: "sluice_notifier_pending_age_seconds").record(age)
  }

  static func reminders(_ count: Int) {
    Counter(label: "sluice_notifier_reminders_total").increment(by: count)
  }

  static func describe(in registry: PrometheusRegistry) {
    registry.describe(
      "sluice_notifier_attempts_total", help: "Attempts to send a webhook, by what was answered.")
    registry.describe(
      "sluice_notifier_attempt_seconds", help: "Time of one attempt.",
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15])
    registry.describe(
      "sluice_notifier_deliveries_total", help: "Deliveries that ended, by how they ended.")
    registry.describe(
      "sluice_notifier_disabled_total", help: "Subscriptions disabled because of their endpoint.")
    registry.describe(
      "sluice_notifier_pending_deliveries", help: "Deliveries waiting for active subscriptions.")
    registry.describe(
      "sluice_notifier_pending_age_seconds", help: "Age of the oldest delivery waiting.")
    registry.describe(
      "sluice_notifier_reminders_total", help: "Notices that a follow-up deadline passed.")
  }
}
