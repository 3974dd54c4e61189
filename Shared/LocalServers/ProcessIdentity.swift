import Foundation

/// What the kernel's process table says about a process (Linux, `/proc`).
package struct ProcessIdentity: Hashable, Sendable, Codable {
  package let processID: Int32
  /// Clock ticks from boot to the start of the process. With the id it names one process for good:
  /// ids are given again, an id with the same start is not.
  package let startTicks: UInt64

  /// The process that has this id now; nil when there is none, or only a zombie.
  package init?(_ processID: Int32) {
    guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8),
      let nameEnd = text.lastIndex(of: ")")
    else { return nil }
    // The fields after the name, which may itself hold blanks: state is the 3rd, start the 22nd.
    let fields = text[text.index(after: nameEnd)...].split(separator: " ")
    guard fields.count > 19, fields[0] != "Z", fields[0] != "X",
      let ticks = UInt64(fields[19])
    else { return nil }
    self.processID = processID
    self.startTicks = ticks
  }

  /// Whether this very process still lives.
  package var isAlive: Bool { ProcessIdentity(processID) == self }
}
