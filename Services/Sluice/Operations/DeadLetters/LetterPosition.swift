import ArgumentParser

/// Where a message lies on `dead-letters.v1`: `partition:offset`.
struct LetterPosition: Hashable, Comparable, Sendable, Encodable, CustomStringConvertible,
  ExpressibleByArgument
{
  var partition: Int32
  var offset: Int64

  init(partition: Int32, offset: Int64) {
    self.partition = partition
    self.offset = offset
  }

  init?(argument: String) {
    let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]),
      partition >= 0, offset >= 0
    else { return nil }
    self.init(partition: partition, offset: offset)
  }

  static func < (left: Self, right: Self) -> Bool {
    (left.partition, left.offset) < (right.partition, right.offset)
  }

  var description: String { "\(partition):\(offset)" }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
