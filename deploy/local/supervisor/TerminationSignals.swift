import Dispatch
import Glibc

/// SIGINT and SIGTERM as values; they no longer end the process by themselves.
func terminationSignals() -> AsyncStream<Int32> {
  AsyncStream { continuation in
    // Only kept alive and cancelled, which any thread may do.
    nonisolated(unsafe) let sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { continuation.yield(number) }
      source.activate()
      return source
    }
    continuation.onTermination = { _ in for source in sources { source.cancel() } }
  }
}
