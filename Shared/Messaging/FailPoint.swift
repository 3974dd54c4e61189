import Foundation

/// Places where a crash test ends the process as `kill -9` would. In release builds a hit is nothing.
///
/// `SLUICE_FAIL_POINT=<name>[:<n>]` kills the process on the n-th hit (default: the first).
package enum FailPoint: String {
  case consumerBeforeCommit = "consumer-before-commit"
  case consumerAfterCommit = "consumer-after-commit"
  case consumerBeforeKafkaCommit = "consumer-before-kafka-commit"
  case relayAfterProduce = "relay-after-produce"
  case commandBeforeCommit = "command-before-commit"
  case commandAfterCommit = "command-after-commit"
  case notifierBeforeRecord = "notifier-before-record"
  case rebuildAfterBatch = "rebuild-after-batch"
  case rebuildBeforeSwitch = "rebuild-before-switch"
  case rebuildInSwitch = "rebuild-in-switch"
  case rebuildAfterSwitch = "rebuild-after-switch"

  #if DEBUG
    private static let armed = Armed(ProcessInfo.processInfo.environment["SLUICE_FAIL_POINT"])

    package func hit() { FailPoint.armed.hit(rawValue) }

    private final class Armed: Sendable {
      private let name: String?
      private let remaining: Counter

      init(_ text: String?) {
        let parts = (text ?? "").split(separator: ":", maxSplits: 1)
        name = parts.first.map(String.init)
        remaining = Counter(parts.count > 1 ? Int(parts[1]) ?? 1 : 1)
      }

      func hit(_ point: String) {
        guard point == name, remaining.countDown() else { return }
        kill(getpid(), SIGKILL)
      }
    }
  #else
    package func hit() {}
  #endif
}

#if DEBUG
  import Synchronization

  private final class Counter: Sendable {
    private let value: Mutex<Int>

    init(_ start: Int) { value = Mutex(start) }

    /// True when this call brings the counter to zero.
    func countDown() -> Bool {
      value.withLock {
        $0 -= 1
        return $0 == 0
      }
    }
  }
#endif
