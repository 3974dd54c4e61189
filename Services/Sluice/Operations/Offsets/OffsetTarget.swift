import ArgumentParser
import Kafka

/// Where to set an offset to.
enum OffsetTarget: Equatable, Sendable, ExpressibleByArgument {
  case beginning, end
  case offset(Int64)

  init?(argument: String) {
    switch argument {
    case "beginning": self = .beginning
    case "end": self = .end
    default:
      guard let offset = Int64(argument), offset >= 0 else { return nil }
      self = .offset(offset)
    }
  }

  /// Refuses an offset that the log does not hold unless it is forced.
  func resolve(in log: Watermarks, forced: Bool) throws(OperatorFailure) -> Int64 {
    switch self {
    case .beginning: return log.low
    case .end: return log.high
    case .offset(let offset):
      guard forced || (log.low...log.high).contains(offset) else {
        throw .usage(
          "offset \(offset) lies outside the log, which holds \(log.low) to \(log.high); a service "
            + "that finds it there stops reading the partition. --force writes it all the same")
      }
      return offset
    }
  }
}
