import Synchronization

/// The records of one `send` on their way: collects one result for each and resumes the caller when
/// the last has come.
///
/// Lifetime at the C seam: every record carries a pointer to its slot through librdkafka. The batch
/// retains itself until each slot has been completed, once, by whoever learns its fate: the sending
/// thread when librdkafka refuses the record, the report thread otherwise.
final class SendBatch: @unchecked Sendable {
  typealias Outcome = Result<KafkaDelivery, KafkaError>

  struct Slot {
    let batch: Unmanaged<SendBatch>
    let index: Int
  }

  private struct State {
    var outcomes: [Outcome]
    var outstanding: Int
  }
  private let slots: UnsafeMutablePointer<Slot>
  private let count: Int
  private let state: Mutex<State>
  private let continuation: CheckedContinuation<[Outcome], Never>

  /// - Parameter count: at least one.
  init(count: Int, continuation: CheckedContinuation<[Outcome], Never>) {
    precondition(count > 0)
    self.count = count
    self.continuation = continuation
    let unknown = Outcome.failure(KafkaError(.unknown, "no delivery report"))
    state = Mutex(State(outcomes: Array(repeating: unknown, count: count), outstanding: count))
    slots = .allocate(capacity: count)
    let retained = Unmanaged.passRetained(self)
    for index in 0..<count {
      (slots + index).initialize(to: Slot(batch: retained, index: index))
    }
  }

  deinit {
    slots.deinitialize(count: count)
    slots.deallocate()
  }

  func opaque(at index: Int) -> UnsafeMutableRawPointer { UnsafeMutableRawPointer(slots + index) }

  /// - Parameter opaque: a pointer that `opaque(at:)` gave out, not completed before.
  static func complete(_ opaque: UnsafeMutableRawPointer, with outcome: Outcome) {
    let slot = opaque.assumingMemoryBound(to: Slot.self).pointee
    slot.batch.takeUnretainedValue().complete(slot, with: outcome)
  }

  private func complete(_ slot: Slot, with outcome: Outcome) {
    let finished: [Outcome]? = state.withLock { state in
      state.outcomes[slot.index] = outcome
      state.outstanding -= 1
      return state.outstanding == 0 ? state.outcomes : nil
    }
    guard let finished else { return }
    continuation.resume(returning: finished)
    slot.batch.release()
  }
}
