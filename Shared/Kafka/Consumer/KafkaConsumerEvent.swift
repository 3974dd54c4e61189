/// What a poll can bring.
package enum KafkaConsumerEvent: Sendable {
  /// Messages in the order of their arrival, of any of the assigned partitions.
  case messages([KafkaMessage])
  /// The group gave these partitions. Answer with `assign`, even when the list is empty. With a
  /// cooperative strategy they come on top of those held before.
  case assigned([TopicPartition])
  /// The group takes these partitions back, and waits until it is answered with `unassign`. `lost`:
  /// another member may already be reading them.
  case revoked([TopicPartition], lost: Bool)
  /// Something failed. Unless `isFatal`, the consumer goes on by itself.
  case error(KafkaError)
}
