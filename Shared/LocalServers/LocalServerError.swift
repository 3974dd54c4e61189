import Foundation

/// Why a local server could not be started, in words for the person at the terminal.
package struct LocalServerError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}

/// The last `count` lines of a text file; empty where it cannot be read.
package func lastLines(of path: String, count: Int = 20) -> String {
  guard let data = FileManager.default.contents(atPath: path) else { return "" }
  return String(decoding: data.suffix(64 * 1024), as: UTF8.self)
    .split(separator: "\n", omittingEmptySubsequences: true)
    .suffix(count)
    .joined(separator: "\n")
}
