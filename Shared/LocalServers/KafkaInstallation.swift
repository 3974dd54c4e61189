import Foundation
import Glibc

/// An unpacked Apache Kafka, as `KAFKA_HOME` names it: version 3.3 or newer, for KRaft.
package struct KafkaInstallation: Sendable {
  package let home: String

  var startScript: String { "\(home)/bin/kafka-server-start.sh" }
  private var storageScript: String { "\(home)/bin/kafka-storage.sh" }

  package init(home: String) throws {
    self.home = absolutePath(home)
    guard access(startScript, X_OK) == 0, access(storageScript, X_OK) == 0 else {
      throw LocalServerError(
        "KAFKA_HOME=\(home) holds no Apache Kafka: there is no bin/kafka-server-start.sh")
    }
  }

  /// Gives a new data folder its cluster id.
  func format(properties: String, environment: [String: String]) async throws {
    let output = try await Tool.run(storageScript, ["random-uuid"], environment: environment)
    guard let id = output.split(separator: "\n").last else {
      throw LocalServerError("\(storageScript) random-uuid gave no id")
    }
    try await Tool.run(
      storageScript, ["format", "-t", String(id), "-c", properties], environment: environment)
  }
}
