import Foundation
import Glibc

/// A new folder for us alone under `TMPDIR`, else /tmp. It goes when this process goes; whoever is
/// done with it earlier removes it.
func makeTemporaryDirectory(prefix: String) async throws -> String {
  let parent = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
  var template = Array("\(parent)/\(prefix)-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else {
    throw LocalServerError("no temporary folder in \(parent): \(String(cString: strerror(errno)))")
  }
  let path = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  try await Watchdog.shared.remove(directory: path)
  return path
}

func absolutePath(_ path: String) -> String {
  URL(filePath: path).standardizedFileURL.path
}
