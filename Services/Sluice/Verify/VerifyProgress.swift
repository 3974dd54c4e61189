/// One line on standard error that says what is under way; nothing where that is no terminal.
struct VerifyProgress: Sendable {
  let isVisible: Bool

  func show(_ what: String) { draw(what) }

  func show(_ what: String, _ done: Int, of total: Int? = nil) {
    // Every record is too often to draw.
    guard done % 1_000 == 0 || done == total else { return }
    draw(total.map { "\(what) \(done)/\($0)" } ?? "\(what) \(done)")
  }

  func clear() {
    if isVisible { Console.draw("\r\u{1B}[K") }
  }

  private func draw(_ text: String) {
    if isVisible { Console.draw("\r\u{1B}[K\(text)") }
  }
}
