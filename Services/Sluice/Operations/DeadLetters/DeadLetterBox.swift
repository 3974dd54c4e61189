import Contracts
import Kafka

/// All of `dead-letters.v1`, put together from its messages. Pure.
struct DeadLetterBox: Sendable {
  /// Each letter once, the oldest first once all has been added.
  private(set) var letters: [BuriedLetter] = []
  /// Messages that are neither a letter nor a note about one.
  private(set) var strangers = 0
  /// What each partition held when it was read.
  var ranges: [Int32: Watermarks] = [:]

  private var byPosition: [LetterPosition: Int] = [:]
  private var byIdentity: [String: Int] = [:]
  private var notes: Set<LetterPosition> = []

  /// In the order of each partition; a note lies behind its letter on the same one.
  mutating func add(_ message: KafkaMessage) {
    let position = LetterPosition(message)
    if let note = RedriveNote(message) {
      notes.insert(position)
      // A letter that retention has deleted needs no memory.
      let place = LetterPosition(partition: note.partition, offset: note.offset)
      guard let index = byPosition[place], letters[index].id == note.letterId else { return }
      letters[index].redrives.append(
        .init(at: note.at, topic: note.topic, isMended: note.mended))
    } else if let letter = BuriedLetter(message) {
      if let index = byIdentity[letter.identity] {
        letters[index].copies.append(position)
        byPosition[position] = index
      } else {
        byPosition[position] = letters.count
        byIdentity[letter.identity] = letters.count
        letters.append(letter)
      }
    } else {
      strangers += 1
    }
  }

  /// The letters that a filter lets pass, the oldest first.
  func letters(_ filter: DeadLetterFilter.Criteria) -> [BuriedLetter] {
    letters.filter(filter.matches)
      .sorted { ($0.sortTime, $0.position) < ($1.sortTime, $1.position) }
  }

  /// The letter at a position, or why there is none.
  func letter(at position: LetterPosition) throws(OperatorFailure) -> BuriedLetter {
    if let index = byPosition[position] { return letters[index] }
    guard let range = ranges[position.partition] else {
      let known = ranges.keys.sorted().map(String.init).joined(separator: ", ")
      throw .usage(
        "there is no dead letter \(position): dead-letters.v1 has the partitions \(known)")
    }
    if notes.contains(position) {
      throw .usage("\(position) is the note of a re-drive, not a dead letter")
    }
    guard position.offset >= range.low else {
      throw .usage(
        "the dead letter \(position) is gone: partition \(position.partition) begins at "
          + "\(range.low), as old ones are deleted")
    }
    guard position.offset < range.high else {
      throw .usage(
        "there is no dead letter \(position): "
          + (range.low == range.high
            ? "partition \(position.partition) is empty"
            : "partition \(position.partition) holds \(range.low) to \(range.high - 1)"))
    }
    throw .usage("\(position) is no dead letter; sluice dead-letters list shows those there are")
  }
}

extension BuriedLetter {
  fileprivate var sortTime: Instant { buriedAt ?? Instant(microseconds: 0) }
}
