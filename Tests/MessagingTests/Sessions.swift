import Kafka

@testable import Messaging

extension Bench {
  /// One membership whose inside can be looked at.
  func session(
    _ handler: any BatchHandler, stop: StopFlag = StopFlag(), batchSize: Int = 10,
    bufferLimit: Int = 50
  ) -> ConsumerSession {
    var options = ConsumerLoop.Options()
    options.batchSize = batchSize
    options.bufferLimit = bufferLimit
    // A session of these tests ends only for the reason that its test is about.
    options.joinLimit = .seconds(600)
    return ConsumerSession(
      membership: membership, handlers: [handler], pool: pool, outboxSignal: nil,
      status: ConsumerStatus(), stop: stop, logger: logger, options: options)
  }
}
