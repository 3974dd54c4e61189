import Dispatch
import Foundation

/// Standard output as a terminal.
enum Terminal {
  static var isThere: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Never 0; 80 by 24 where it is not known.
  static func size() -> (width: Int, height: Int) {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
    else { return (80, 24) }
    return (Int(size.ws_col), Int(size.ws_row))
  }

  static let enterScreen = "\u{1B}[?1049h\u{1B}[?25l"
  static let leaveScreen = "\u{1B}[?25h\u{1B}[?1049l"
  static let home = "\u{1B}[H"
  static let clearLine = "\u{1B}[K"
  static let clearBelow = "\u{1B}[J"

  /// SIGINT and SIGTERM as values; they no longer end the process by themselves.
  static func interrupts() -> AsyncStream<Int32> {
    AsyncStream { continuation in
      // Only kept alive and cancelled, which any thread may do.
      nonisolated(unsafe) let sources = [SIGINT, SIGTERM].map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { continuation.yield(number) }
        source.activate()
        return source
      }
      continuation.onTermination = { _ in for source in sources { source.cancel() } }
    }
  }
}
