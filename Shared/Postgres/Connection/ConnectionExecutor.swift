internal import Dispatch

/// Runs the jobs of one connection's actor one after another on a queue of their own, because libpq
/// blocks: a waiting connection holds one of Dispatch's threads, never one of Swift's cooperative
/// pool.
final class ConnectionExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) {
    queue = DispatchQueue(label: label)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
