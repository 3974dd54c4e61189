import Foundation
package import Logging
import ServiceContextModule
import Synchronization

/// The log of a process: JSON lines on standard error.
package enum JSONLogging {
  /// Once per process, before the first logger is made.
  package static func bootstrap(service: String, level: Logger.Level) {
    LoggingSystem.bootstrap(
      { label, provider in
        JSONLogHandler(
          service: service, label: label, level: level, metadataProvider: provider,
          write: writeToStandardError)
      }, metadataProvider: traceMetadata)
  }

  /// `traceId` and `spanId` of the current ``ServiceContext``, where there is one.
  package static let traceMetadata = Logger.MetadataProvider {
    guard let trace = ServiceContext.current?.trace else { return [:] }
    return ["traceId": .string(trace.traceID), "spanId": .string(trace.spanID)]
  }

  private static let lock = Mutex(())

  /// The lock keeps lines whole when the kernel takes only a part of one.
  private static let writeToStandardError: @Sendable ([UInt8]) -> Void = { line in
    lock.withLock { _ in
      line.withUnsafeBytes { bytes in
        var offset = 0
        while offset < bytes.count {
          let written = write(2, bytes.baseAddress! + offset, bytes.count - offset)
          if written > 0 {
            offset += written
          } else if errno != EINTR {
            return
          }
        }
      }
    }
  }
}
