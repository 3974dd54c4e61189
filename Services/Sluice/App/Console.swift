import Foundation
import Synchronization

/// Standard output and standard error, written whole lines at a time.
enum Console {
  private static let lock = Mutex(())

  /// Whether standard error is a terminal: only then are progress bars drawn.
  static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }

  static func print(_ text: String) { write(text + "\n", to: .standardOutput) }

  /// On standard output without a line break, for whole screens.
  static func show(_ text: String) { write(text, to: .standardOutput) }

  /// On standard output, byte for byte.
  static func writeBytes(_ bytes: [UInt8]) {
    lock.withLock { _ in try? FileHandle.standardOutput.write(contentsOf: Data(bytes)) }
  }

  static func printError(_ text: String) { write(text + "\n", to: .standardError) }

  /// Without a line break, for lines that are drawn over.
  static func draw(_ text: String) { write(text, to: .standardError) }

  static func exit(_ status: ExitStatus) -> Never { Foundation.exit(status.rawValue) }

  /// A reader that went away (`sluice … | head`) is no error.
  private static func write(_ text: String, to handle: FileHandle) {
    lock.withLock { _ in
      try? handle.write(contentsOf: Data(text.utf8))
    }
  }
}
