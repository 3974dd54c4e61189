import Contracts

/// What a stage event must fulfil beyond its form, so that the tables can take every event that
/// passes. A batch is one transaction: a row that PostgreSQL refuses would stop the partition.
enum StageEventCheck {
  /// UTF-8 bytes of the key of a pipeline or stage. Both stand in an index, whose rows have 2,704
  /// bytes at most.
  static let keyBytes = 512

  /// - Parameter value: the message's value, as it came.
  static func check(_ event: StageEvent, value: [UInt8]?) throws(MessageFailure) {
    try NullCharacter.refuse(in: value)
    let data = event.data
    try require(data.epoch >= 0, "epoch", "must not be negative")
    try require(data.sequence >= 1, "sequence", "must be 1 or more")
    try require(
      (event.type == .created) == (data.sequence == 1), "sequence",
      "must be 1 for \(StageEventType.created.rawValue) and for no other type")
    try require(
      (0...Int(Int32.max)).contains(data.pipelineVersion), "pipelineVersion", "is out of range")
    try key(data.pipeline, "pipeline")
    switch event.type {
    case .created:
      try stage(data.to, data.toCategory, data.toPosition, "to")
    case .moved:
      try stage(data.from, data.fromCategory, data.fromPosition, "from")
      try stage(data.to, data.toCategory, data.toPosition, "to")
    case .moveReverted:
      try stage(data.from, data.fromCategory, data.fromPosition, "from")
      try stage(data.to, data.toCategory, data.toPosition, "to")
      try reversal(data)
    case .activityRecorded:
      try require(data.activity != nil, "activity", "is missing")
    case .merged:
      try require(data.merged != nil, "merged", "is missing")
      try require(
        data.merged?.opportunityId != data.opportunityId, "merged/opportunityId",
        "must be another opportunity")
    case .erased:
      try require(data.erased != nil, "erased", "is missing")
    case .changed:
      break
    }
  }

  /// A deal goes back to an earlier stay, of which an earlier move was the end. Nothing can take back
  /// its creation.
  private static func reversal(_ data: StageEventData) throws(MessageFailure) {
    guard let move = data.reverted else {
      throw MessageFailure(.invalidData, "/reverted is missing")
    }
    try require(
      (0...data.epoch).contains(move.epoch), "reverted/epoch",
      "must be 0 or more and at most \(data.epoch)")
    try require(
      (2..<data.sequence).contains(move.sequence), "reverted/sequence",
      "must be 2 or more and less than the event's, \(data.sequence)")
    try require(
      (0...move.epoch).contains(move.enteredEpoch), "reverted/enteredEpoch",
      "must be 0 or more and at most \(move.epoch)")
    try require(
      (1..<move.sequence).contains(move.enteredSequence), "reverted/enteredSequence",
      "must be 1 or more and less than the move's, \(move.sequence)")
  }

  private static func stage(
    _ name: String?, _ category: StageCategory?, _ position: Int?, _ member: String
  ) throws(MessageFailure) {
    try require(name != nil && name != "", member, "is missing")
    try key(name, member)
    try require(category != nil, member + "Category", "is missing")
    try require(position != nil, member + "Position", "is missing")
    try require(
      (0...Int(Int32.max)).contains(position ?? 0), member + "Position", "is out of range")
  }

  private static func key(_ text: String?, _ member: String) throws(MessageFailure) {
    guard let text, text.utf8.count > keyBytes else { return }
    throw MessageFailure(
      .unprocessable, "/\(member) has \(text.utf8.count) bytes; \(keyBytes) are allowed")
  }

  private static func require(
    _ condition: Bool, _ member: String, _ expectation: @autoclosure () -> String
  ) throws(MessageFailure) {
    guard condition else { throw MessageFailure(.invalidData, "/\(member) \(expectation())") }
  }
}
