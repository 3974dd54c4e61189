import Foundation

/// The Python that `Tests/Documents/prepare` makes, with the reference libraries that tests compare
/// with.
package enum TestPython {
  /// Its interpreter, which `SLUICE_TEST_PYTHON` names; nil where nobody has made it.
  package static var path: String? {
    ProcessInfo.processInfo.environment["SLUICE_TEST_PYTHON"].flatMap { $0.isEmpty ? nil : $0 }
  }

  /// Why a test that needs it was skipped.
  package static let absence =
    "deploy/local/test runs it: Tests/Documents/prepare makes the Python that it needs"
}
