import Contracts
import ServiceWiring

extension Refusal {
  /// What the policy refuses, in the words of a decision.
  init(_ refusal: AccessPolicy.Refusal) {
    self = refusal.failure.map { .forbidden([$0]) } ?? .notFound
  }
}
