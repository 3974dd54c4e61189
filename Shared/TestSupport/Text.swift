import Foundation

/// The text of a file; empty where there is none.
package func text(of path: String) -> String {
  String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self)
}

/// The last `count` lines of a file.
package func lastLines(of path: String, count: Int) -> String {
  text(of: path).split(separator: "\n").suffix(count).joined(separator: "\n")
}
