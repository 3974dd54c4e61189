import Contracts
import Dispatch
import Foundation

/// Waits for a rebuild and shows how far it is.
struct RebuildFollower: Sendable {
  let table: RebuildTable
  let id: EntityID
  var interval = Duration.milliseconds(250)
  /// How long forecasting may give no sign of having seen the request. Counting and dropping large
  /// tables may take four times as long.
  var patience = Duration.seconds(30)

  /// Returns when the rebuild has ended, in whichever way.
  func follow(progress: (RebuildStatus) -> Void) async throws -> RebuildStatus {
    while true {
      guard let status = try await table.find(id) else {
        throw OperatorFailure.unavailable("the rebuild \(id) is gone from the table rebuilds")
      }
      progress(status)
      if !status.state.isUnderWay { return status }
      let limit = status.state == .requested ? patience : patience * 4
      if status.silentSeconds > limit / .seconds(1) { throw silence(status) }
      try await Task.sleep(for: interval)
    }
  }

  private func silence(_ status: RebuildStatus) -> OperatorFailure {
    let what =
      status.state == .requested ? "has not begun" : "stands still (\(status.state.rawValue))"
    let note = status.note.map { ", \($0)" } ?? ""
    return .unavailable(
      "the rebuild \(what), and forecasting has given no sign for "
        + "\(Int(status.silentSeconds)) s\(note): is it running? The rebuild goes on by itself when "
        + "it is; sluice rebuild status shows it, sluice rebuild cancel calls it off")
  }
}

/// Lines and a bar on standard error for what a rebuild goes through.
struct RebuildDisplay {
  private var bar: ProgressBar?
  private var said: [String] = []

  mutating func show(_ status: RebuildStatus) {
    if status.state == .filling, let total = status.total {
      if bar == nil { bar = ProgressBar("Filling", total: Int(total)) }
      // New events come on top of those that were counted at the beginning.
      bar?.update(Int(min(status.done, total)))
    }
    let line = [status.state.rawValue, status.note].compactMap(\.self).joined(separator: ": ")
    guard said.last != line else { return }
    said.append(line)
    if status.state != .filling || !Console.isTerminal {
      bar?.finish()
      Console.printError("rebuild \(line)")
    }
  }

  mutating func finish() { bar?.finish() }
}

/// Leaving the command line leaves the work to forecasting, and says so.
enum Interruption {
  /// Ends the process at Ctrl-C with a word on standard error, until the returned source is cancelled.
  static func explain(_ text: String) -> any DispatchSourceSignal {
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT)
    source.setEventHandler {
      Console.printError("\n" + text)
      // What a shell expects of an interrupted command.
      exit(128 + SIGINT)
    }
    source.resume()
    return source
  }
}
