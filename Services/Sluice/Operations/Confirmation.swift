import Foundation

/// A question that somebody at a terminal answers before something is changed for good.
enum Confirmation {
  /// Returns when the answer was yes.
  ///
  /// - Parameter purpose: for the advice where nobody can be asked: `add --yes to …`.
  static func ask(_ question: String, to purpose: String) throws {
    guard isatty(STDIN_FILENO) == 1 else {
      throw OperatorFailure.usage("nobody can be asked here; add --yes to \(purpose)")
    }
    Console.draw("\(question) Go on? [y/N] ")
    guard readLine()?.lowercased() == "y" else { throw ExitStatus.usage }
  }
}
