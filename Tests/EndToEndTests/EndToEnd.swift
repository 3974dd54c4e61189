import LocalServers
import Testing

/// Tests with real processes and real faults. They compete for the processor: one after the other.
@Suite(.serialized) enum EndToEnd {}

extension Trait where Self == ConditionTrait {
  /// For what takes longer than a quick run should.
  static var onlyInFullRuns: Self {
    .enabled(if: TestRun.isFull, "SLUICE_TEST_FULL=1 runs it")
  }
}
