import Foundation
import TestSupport

/// What processes used while something was measured.
struct Usage: Sendable {
  /// Cores, on average.
  var cores: [String: Double] = [:]
  /// MB, since the process started.
  var peakMemory: [String: Double] = [:]
}

/// Measures the usage of processes from its making on.
struct UsageMeter: Sendable {
  /// By name; of those with children, such as PostgreSQL, all together.
  private let processes: [String: Int32]
  private let before: [String: Double]
  private let start = ContinuousClock.now

  init(_ processes: [String: Int32]) {
    self.processes = processes
    before = processes.mapValues { ProcessTimes.ofFamily($0) }
  }

  /// - Parameter services: those whose memory is of interest.
  func usage(memoryOf services: Set<String>) -> Usage {
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    var usage = Usage()
    for (name, process) in processes {
      let used = ProcessTimes.ofFamily(process) - (before[name] ?? 0)
      usage.cores[name] = used / seconds
      if services.contains(name) { usage.peakMemory[name] = ProcessTimes.peakMemory(process) }
    }
    return usage
  }

  /// Processor seconds of one process since the meter was made.
  func seconds(of name: String) -> Double {
    guard let process = processes[name] else { return 0 }
    return ProcessTimes.ofFamily(process) - (before[name] ?? 0)
  }
}

/// What `/proc` knows of a process.
enum ProcessTimes {
  private static let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))

  /// Processor seconds of a process, of its children, and of those that have ended.
  static func ofFamily(_ process: Int32) -> Double {
    let own = times(process, includingEnded: true)
    return children(of: process).reduce(own) { $0 + times($1, includingEnded: false) }
  }

  /// Largest resident memory so far in MB.
  static func peakMemory(_ process: Int32) -> Double {
    let line = text(of: "/proc/\(process)/status").split(separator: "\n")
      .first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split(separator: " ").dropFirst().first.flatMap { Double($0) }
    return (kilobytes ?? .nan) / 1_024
  }

  private static func children(of process: Int32) -> [Int32] {
    text(of: "/proc/\(process)/task/\(process)/children").split(separator: " ")
      .compactMap { Int32($0) }
  }

  /// utime and stime are the 14th and 15th field, cutime and cstime follow; the second one, the
  /// name, may hold blanks.
  private static func times(_ process: Int32, includingEnded: Bool) -> Double {
    let stat = text(of: "/proc/\(process)/stat")
    guard let name = stat.lastIndex(of: ")") else { return 0 }
    let fields = stat[name...].split(separator: " ").dropFirst()
    let times = fields.dropFirst(11).prefix(includingEnded ? 4 : 2).compactMap { Double($0) }
    return times.reduce(0, +) / ticks
  }
}
