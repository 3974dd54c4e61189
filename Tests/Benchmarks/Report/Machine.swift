import Foundation
import TestSupport

/// Where a figure was measured.
struct Machine: Encodable, Sendable {
  var processor: String
  var cores: Int
  var memoryGB: Double
  var kernel: String

  static let current = Machine(
    processor: field("model name", of: "/proc/cpuinfo") ?? "unknown",
    cores: ProcessInfo.processInfo.activeProcessorCount,
    memoryGB: (Double(ProcessInfo.processInfo.physicalMemory) / 1e9).rounded(toDigits: 3),
    kernel: text(of: "/proc/sys/kernel/osrelease").trimmingCharacters(in: .whitespacesAndNewlines))

  static let broker = Broker.home == nil ? "embedded" : "kafka"

  private static func field(_ name: String, of path: String) -> String? {
    text(of: path).split(separator: "\n").first { $0.hasPrefix(name) }?
      .split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
  }
}
