import Foundation
import Testing

@testable import Sluice

/// The files of deploy/monitoring, by Prometheus' own word.
@Suite(.enabled(if: Promtool.path != nil)) struct OperationsLagAlertTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../deploy/monitoring").standardizedFileURL.path

  @Test(arguments: [
    ["check", "rules", "sluice-alerts.yaml"], ["test", "rules", "sluice-alerts-test.yaml"],
    ["check", "config", "prometheus.yaml"],
  ]) func prometheusTakesThem(_ arguments: [String]) throws {
    let tool = try #require(Promtool.path)
    let file = "\(Self.folder)/\(arguments[2])"
    let (status, output) = try Promtool.run(tool, Array(arguments.prefix(2)) + [file])
    #expect(status == 0, "\(output)")
  }

  /// A metric that was renamed would silence its alert.
  @Test func everyMetricOfAnAlertIsOneThatIsMade() throws {
    let root = URL(filePath: Self.folder).deletingLastPathComponent().deletingLastPathComponent()
    let rules = try String(
      contentsOf: URL(filePath: "\(Self.folder)/sluice-alerts.yaml"), encoding: .utf8)
    var sources = ""
    for folder in ["Services", "Shared"] {
      let files = FileManager.default.enumerator(
        at: root.appending(path: folder), includingPropertiesForKeys: nil)
      for case let file as URL in files! where file.pathExtension == "swift" {
        sources += try String(contentsOf: file, encoding: .utf8)
      }
    }
    let names = Set(rules.matches(of: /\b((?:sluice|kafka)_[a-z_]+)(?:\{| |\[|\))/).map(\.1))
    #expect(names.count > 10)
    for name in names {
      #expect(sources.contains("\"\(name)\""), "nothing makes \(name)")
    }
  }
}
