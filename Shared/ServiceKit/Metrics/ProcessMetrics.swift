import Foundation

/// The figures that Prometheus client libraries report about their process, from `/proc`.
enum ProcessMetrics {
  struct Figure {
    let name: String
    let kind: MetricKind
    let help: String
    let value: Double
  }

  /// Empty where there is no `/proc`.
  static func read() -> [Figure] {
    // The name in parentheses may hold blanks and parentheses; fields count from behind it.
    guard let stat = text("/proc/self/stat"), let name = stat.lastIndex(of: ")") else { return [] }
    let fields = stat[stat.index(after: name)...].split(separator: " ").map { Double($0) ?? 0 }
    guard fields.count > 21 else { return [] }
    let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
    let page = Double(sysconf(Int32(_SC_PAGESIZE)))
    var figures = [
      Figure(
        name: "process_cpu_seconds_total", kind: .counter,
        help: "User and system CPU time spent, in seconds.",
        value: (fields[11] + fields[12]) / ticks),
      Figure(
        name: "process_resident_memory_bytes", kind: .gauge, help: "Resident memory, in bytes.",
        value: fields[21] * page),
      Figure(
        name: "process_virtual_memory_bytes", kind: .gauge, help: "Virtual memory, in bytes.",
        value: fields[20]),
      Figure(
        name: "process_threads", kind: .gauge, help: "Threads of the process.", value: fields[17]),
    ]
    if let boot = bootTime {
      figures.append(
        Figure(
          name: "process_start_time_seconds", kind: .gauge,
          help: "Start of the process, in seconds since 1970.", value: boot + fields[19] / ticks))
    }
    if let open = try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
      figures.append(
        Figure(
          name: "process_open_fds", kind: .gauge, help: "Open file descriptors.",
          value: Double(open)))
    }
    if let limit = maximumDescriptors() {
      figures.append(
        Figure(
          name: "process_max_fds", kind: .gauge, help: "Most file descriptors allowed.",
          value: limit))
    }
    return figures
  }

  private static let bootTime: Double? = text("/proc/stat")?
    .split(separator: "\n").first { $0.hasPrefix("btime ") }
    .flatMap { Double($0.dropFirst(6)) }

  private static func maximumDescriptors() -> Double? {
    text("/proc/self/limits")?
      .split(separator: "\n").first { $0.hasPrefix("Max open files") }
      .flatMap { Double($0.dropFirst(14).split(separator: " ")[0]) }
  }

  private static func text(_ path: String) -> String? {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
  }
}
