/// What a health check found.
package enum CheckResult: Sendable, Hashable {
  case ok
  /// The reason is for operators: it must hold no secrets.
  case failing(String)
}

/// The checks of a process and what they found.
package struct HealthReport: Sendable, Hashable {
  package struct Check: Sendable, Hashable {
    package let name: String
    package let result: CheckResult
  }

  /// In the order of registration.
  package let checks: [Check]

  package var isHealthy: Bool { checks.allSatisfy { $0.result == .ok } }
}
