import Foundation

/// A bar with rate and remaining time on standard error; draws nothing where that is no terminal.
///
/// Used from one task at a time.
struct ProgressBar {
  let title: String
  let total: Int
  private let isVisible: Bool
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var lastDrawn: ContinuousClock.Instant?

  init(_ title: String, total: Int, isVisible: Bool = Console.isTerminal) {
    self.title = title
    self.total = total
    self.isVisible = isVisible
    start = clock.now
  }

  /// Draws at most ten times a second, and always when `done` reaches the total.
  mutating func update(_ done: Int) {
    guard isVisible else { return }
    let now = clock.now
    if done < total, let lastDrawn, now - lastDrawn < .milliseconds(100) { return }
    lastDrawn = now
    let elapsed = start.duration(to: now) / .seconds(1)
    Console.draw("\r\u{1B}[K" + ProgressBar.line(title, done: done, of: total, after: elapsed))
  }

  /// Ends the line, so that what follows stands below it.
  mutating func finish() {
    guard isVisible, lastDrawn != nil else { return }
    Console.draw("\n")
    lastDrawn = nil
  }

  /// `Sending ████████░░░░  67% 1340/2000  512/s  1 s left`
  static func line(_ title: String, done: Int, of total: Int, after seconds: Double) -> String {
    let width = 24
    let share = total > 0 ? min(1, Double(done) / Double(total)) : 1
    let filled = Int(share * Double(width))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: width - filled)
    var line = "\(title) \(bar) \(Int(share * 100))% \(done)/\(total)"
    guard seconds > 0, done > 0 else { return line }
    let rate = Double(done) / seconds
    line += "  \(Int(rate.rounded()))/s"
    if done < total { line += "  \(remaining(Double(total - done) / rate)) left" }
    return line
  }

  private static func remaining(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded(.up))
    if whole < 60 { return "\(whole) s" }
    if whole < 3_600 { return "\(whole / 60) min \(whole % 60) s" }
    return "\(whole / 3_600) h \(whole % 3_600 / 60) min"
  }
}
