import Foundation

/// How much of the tests is wanted.
enum TestRun {
  static var isFull: Bool { ProcessInfo.processInfo.environment["SLUICE_TEST_FULL"] == "1" }
}
