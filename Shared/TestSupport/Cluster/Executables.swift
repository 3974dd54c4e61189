import Foundation
import LocalServers

/// The programs of this package, which the build puts beside the test bundle.
package enum Executables {
  package static func path(_ name: String) throws -> String {
    let path = "\(try directory())/\(name)"
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw LocalServerError("there is no \(path); swift build --build-tests makes it")
    }
    return path
  }

  /// The running test bundle is an executable itself.
  private static func directory() throws -> String {
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(filePath: bundle).deletingLastPathComponent().path
  }

  /// Our own environment without what would point the programs to another installation.
  package static var environment: [String: String] {
    ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("SLUICE_") && !name.hasPrefix("KAFKA_")
    }
  }
}
