/// An instant, `timestamptz`.
package struct PostgresTimestamp: Hashable, Comparable {
  /// Since 1970-01-01T00:00:00Z.
  package var microsecondsSinceEpoch: Int64

  package init(microsecondsSinceEpoch: Int64) {
    self.microsecondsSinceEpoch = microsecondsSinceEpoch
  }

  package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
    left.microsecondsSinceEpoch < right.microsecondsSinceEpoch
  }

  /// PostgreSQL counts from 2000-01-01.
  private static let epochOffset: Int64 = 946_684_800_000_000
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .timestamptz }

  package func encode(into bytes: inout [UInt8]) {
    let (value, overflow) = microsecondsSinceEpoch.subtractingReportingOverflow(Self.epochOffset)
    // Int64.min would mean -infinity; its neighbour is refused by the server as out of range.
    bytes.append(bigEndian: overflow ? Int64.min + 1 : value)
  }

  /// The infinities are no instants and are refused.
  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    guard type == .timestamptz else { throw .mismatch(PostgresTimestamp.self, type) }
    let value = try bytes.integer(Int64.self, type)
    guard value != .max, value != .min else { throw .decoding("is infinite", type) }
    let (shifted, overflow) = value.addingReportingOverflow(Self.epochOffset)
    guard !overflow else { throw .decoding("is out of range", type) }
    microsecondsSinceEpoch = shifted
  }
}

/// A day of the proleptic Gregorian calendar, `date`.
package struct PostgresDate: Hashable, Comparable {
  /// Since 1970-01-01.
  package var daysSinceEpoch: Int32

  package init(daysSinceEpoch: Int32) { self.daysSinceEpoch = daysSinceEpoch }

  package static func < (left: PostgresDate, right: PostgresDate) -> Bool {
    left.daysSinceEpoch < right.daysSinceEpoch
  }

  private static let epochOffset: Int32 = 10_957
}

extension PostgresDate: PostgresEncodable, PostgresDecodable, PostgresArrayElement {
  package static var postgresType: PostgresType { .date }

  package func encode(into bytes: inout [UInt8]) {
    let (value, overflow) = daysSinceEpoch.subtractingReportingOverflow(Self.epochOffset)
    bytes.append(bigEndian: overflow ? Int32.min + 1 : value)
  }

  /// The infinities are no days and are refused.
  package init(
    postgres bytes: UnsafeRawBufferPointer, type: PostgresType
  ) throws(PostgresError) {
    guard type == .date else { throw .mismatch(PostgresDate.self, type) }
    let value = try bytes.integer(Int32.self, type)
    guard value != .max, value != .min else { throw .decoding("is infinite", type) }
    let (shifted, overflow) = value.addingReportingOverflow(Self.epochOffset)
    guard !overflow else { throw .decoding("is out of range", type) }
    daysSinceEpoch = shifted
  }
}
