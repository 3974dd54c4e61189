import Foundation
import Postgres
import TestSupport
import Testing

/// What is bound comes back the same, from a server that checks it on the way.
@Suite struct ValueTests {
  private func roundTrip<Value: PostgresEncodable & PostgresDecodable & Equatable>(
    _ value: Value, as sqlType: String, on database: TestDatabase,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let rows = try await database.pool.query("SELECT $1::\(sqlType) AS value", value)
    let back = try rows[0].decode("value", as: Value.self)
    #expect(back == value, sourceLocation: sourceLocation)
  }

  @Test func scalars() async throws {
    try await withTestDatabase { database in
      for value in [true, false] { try await roundTrip(value, as: "bool", on: database) }
      for value in [Int16.min, -1, 0, .max] { try await roundTrip(value, as: "int2", on: database) }
      for value in [Int32.min, -1, 0, .max] { try await roundTrip(value, as: "int4", on: database) }
      for value in [Int64.min, -1, 0, .max] { try await roundTrip(value, as: "int8", on: database) }
      for value in [Int.min, -1, 0, .max] { try await roundTrip(value, as: "int8", on: database) }
      for value in [0, UInt64.max] { try await roundTrip(value, as: "xid8", on: database) }
      for value in [0, -0.0, 1.5, .infinity, -.infinity, .leastNonzeroMagnitude] as [Double] {
        try await roundTrip(value, as: "float8", on: database)
      }
      for value in ["", "商机阶段 🚀", "it's \"quoted\" \\ $1"] {
        try await roundTrip(value, as: "text", on: database)
      }
      for value in [[], [0], Array(0...255)] as [[UInt8]] {
        try await roundTrip(value, as: "bytea", on: database)
      }
      try await roundTrip(UUID(), as: "uuid", on: database)
      for value in [-62_135_596_800_000_000, -1, 0, 1_700_000_000_123_456] as [Int64] {
        try await roundTrip(
          PostgresTimestamp(microsecondsSinceEpoch: value), as: "timestamptz", on: database)
      }
      for value in [-719_162, -1, 0, 20_000] as [Int32] {
        try await roundTrip(PostgresDate(daysSinceEpoch: value), as: "date", on: database)
      }
      try await roundTrip(PostgresJSON(#"{"a": [1, null]}"#), as: "jsonb", on: database)
    }
  }

  @Test func notANumber() async throws {
    try await withTestDatabase { database in
      let row = try await database.pool.query("SELECT $1, 'NaN'::numeric", Double.nan)[0]
      #expect(try row.decode(0, as: Double.self).isNaN)
      #expect(try row.decode(1, as: Double.self).isNaN)
    }
  }

  @Test func arrays() async throws {
    try await withTestDatabase { database in
      try await roundTrip([true, false], as: "bool[]", on: database)
      try await roundTrip([Int16.min, .max], as: "int2[]", on: database)
      try await roundTrip([Int32.min, .max], as: "int4[]", on: database)
      try await roundTrip([Int64.min, .max], as: "int8[]", on: database)
      try await roundTrip([1, 2, 3], as: "int8[]", on: database)
      try await roundTrip([1.5, .infinity], as: "float8[]", on: database)
      try await roundTrip(["", "a,b", "{}", "NULL"], as: "text[]", on: database)
      try await roundTrip([[], [1, 0, 255]] as [[UInt8]], as: "bytea[]", on: database)
      try await roundTrip([UUID(), UUID()], as: "uuid[]", on: database)
      try await roundTrip(
        [PostgresTimestamp(microsecondsSinceEpoch: 1)], as: "timestamptz[]", on: database)
      try await roundTrip([PostgresDate(daysSinceEpoch: 1)], as: "date[]", on: database)
      try await roundTrip([PostgresJSON("[1, 2]")], as: "jsonb[]", on: database)
      try await roundTrip([] as [Int], as: "int8[]", on: database)
      try await roundTrip([nil, 1, nil] as [Int?], as: "int8[]", on: database)
      try await roundTrip([nil, "a"] as [String?], as: "text[]", on: database)
      try await roundTrip([nil, [1]] as [[UInt8]?], as: "bytea[]", on: database)
    }
  }

  @Test func unnestInsertsColumns() async throws {
    try await withTestDatabase { database in
      try await database.pool.execute("CREATE TABLE fact (id uuid, amount bigint, note text)")
      let ids = (0..<100).map { _ in UUID() }
      let inserted = try await database.pool.execute(
        "INSERT INTO fact SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::text[])",
        ids, Array(0..<100), (0..<100).map { $0 % 2 == 0 ? nil : "odd" } as [String?])
      #expect(inserted == 100)
      let rows = try await database.pool.query(
        "SELECT count(*), sum(amount), count(note) FROM fact WHERE id = ANY ($1)", ids)
      #expect(try rows[0].decode(0, as: Int.self) == 100)
      #expect(try rows[0].decode(1, as: Int.self) == 4950)
      #expect(try rows[0].decode(2, as: Int.self) == 50)
    }
  }

  @Test func nulls() async throws {
    try await withTestDatabase { database in
      let row = try await database.pool.query("SELECT $1::int8 AS a, NULL::text AS b", nil)[0]
      #expect(try row.optional("a", as: Int.self) == nil)
      #expect(try row.optional(1, as: String.self) == nil)
      #expect(throws: PostgresError(.decoding, "column 1 (b) is NULL")) {
        try row.decode("b", as: String.self)
      }
      #expect(throws: PostgresError.self) { try row.decode("c", as: String.self) }
      #expect(throws: PostgresError.self) { try row.decode(2, as: String.self) }
      #expect(throws: PostgresError.self) { try row.decode(-1, as: String.self) }
      let array = try await database.pool.query("SELECT ARRAY[1, NULL]::int8[]")[0]
      #expect(throws: PostgresError.self) { try array.decode(0, as: [Int].self) }
    }
  }

  /// Alternating NULLs and values of one statement: the server first has to guess the type.
  @Test func nullFirstAndValueAfterwards() async throws {
    try await withTestDatabase { database in
      for value in [nil, 1, nil, 5_000_000_000] as [Int?] {
        let row = try await database.pool.query("SELECT coalesce($1::int8, -1)", value)[0]
        #expect(try row.decode(0, as: Int.self) == value ?? -1)
      }
      try await database.pool.execute("CREATE TABLE small (a int4, b int2)")
      for value in [nil, 1, nil, 2] as [Int?] {
        try await database.pool.execute("INSERT INTO small VALUES ($1, $2)", value, value)
      }
      let rows = try await database.pool.query("SELECT a, b FROM small ORDER BY a")
      #expect(try rows.map { try $0.optional(0, as: Int.self) } == [1, 2, nil, nil])
    }
  }

  @Test func textTypesReadAsStrings() async throws {
    try await withTestDatabase { database in
      try await database.pool.execute("CREATE TYPE mood AS ENUM ('glad', 'sad')")
      let row = try await database.pool.query(
        """
        SELECT 'a'::varchar, 'b'::name, 'c'::char(1), '{"d":1}'::json, '[2]'::jsonb, $1::mood
        """, "glad")[0]
      #expect(
        try (0..<6).map { try row.decode($0, as: String.self) }
          == ["a", "b", "c", #"{"d":1}"#, "[2]", "glad"])
      #expect(try row.decode(3, as: PostgresJSON.self) == PostgresJSON(#"{"d":1}"#))
    }
  }

  @Test(arguments: [
    ("0", 0), ("1", 1), ("-1", -1), ("10000", 10_000), ("123456789012", 123_456_789_012),
    ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min), ("7.000", 7),
  ])
  func wholeNumericsReadAsIntegers(text: String, value: Int64) async throws {
    try await withTestDatabase { database in
      let row = try await database.pool.query("SELECT $1::text::numeric", text)[0]
      #expect(try row.decode(0, as: Int64.self) == value)
      #expect(try row.decode(0, as: Double.self) == Double(value))
    }
  }

  @Test func numericsReadAsDoubles() async throws {
    try await withTestDatabase { database in
      for text in ["0.1", "-12345.6789", "1e-20", "123456789.000001", "1e30"] {
        let row = try await database.pool.query("SELECT $1::text::numeric", text)[0]
        #expect(try row.decode(0, as: Double.self) == Double(text))
        #expect(throws: PostgresError.self) { try row.decode(0, as: Int64.self) }
      }
    }
  }

  /// PostgreSQL's infinities, and its last years, which 64 bits of microseconds since 1970 don't hold.
  @Test func timestampsThatAreNoInstants() async throws {
    try await withTestDatabase { database in
      let row = try await database.pool.query(
        """
        SELECT 'infinity'::timestamptz, '-infinity'::timestamptz, '294276-12-31Z'::timestamptz,
               '294246-12-31Z'::timestamptz
        """)[0]
      for column in 0..<3 {
        #expect(throws: PostgresError.self) { try row.decode(column, as: PostgresTimestamp.self) }
      }
      #expect(try row.decode(3, as: PostgresTimestamp.self).microsecondsSinceEpoch > 0)
    }
  }

  @Test func whatTheServerCannotHoldIsRefused() async throws {
    try await withTestDatabase { database in
      let refused: [(String, any PostgresEncodable, String)] = [
        ("text", "nul \0 inside", "22021"),
        ("timestamptz", PostgresTimestamp(microsecondsSinceEpoch: .min), "22008"),
        ("date", PostgresDate(daysSinceEpoch: .min), "22008"),
        ("date", PostgresDate(daysSinceEpoch: .max), "22008"),
        ("jsonb", PostgresJSON("{"), "22P02"),
      ]
      for (type, value, state) in refused {
        let error = await #expect(throws: PostgresError.self) {
          try await database.pool.query("SELECT $1::\(type)", value)
        }
        #expect(error?.code == .server(sqlState: state))
        #expect(error?.isRetriable == false)
      }
      let dates = try await database.pool.query("SELECT 'infinity'::date, '-infinity'::date")[0]
      for column in 0...1 {
        #expect(throws: PostgresError.self) { try dates.decode(column, as: PostgresDate.self) }
      }
    }
  }

  @Test func wrongTypesAreErrors() async throws {
    try await withTestDatabase { database in
      let row = try await database.pool.query(
        "SELECT 1::int8, 'a'::text, ARRAY[[1, 2], [3, 4]]::int8[], 40000::int4, '{}'::int8[]")[0]
      #expect(throws: PostgresError.self) { try row.decode(0, as: String.self) }
      #expect(throws: PostgresError.self) { try row.decode(0, as: Double.self) }
      #expect(throws: PostgresError.self) { try row.decode(0, as: Bool.self) }
      #expect(throws: PostgresError.self) { try row.decode(0, as: UUID.self) }
      #expect(throws: PostgresError.self) { try row.decode(0, as: [Int].self) }
      #expect(throws: PostgresError.self) { try row.decode(1, as: Int.self) }
      #expect(throws: PostgresError.self) { try row.decode(1, as: [UInt8].self) }
      #expect(throws: PostgresError.self) { try row.decode(1, as: PostgresJSON.self) }
      #expect(throws: PostgresError.self) { try row.decode(1, as: PostgresTimestamp.self) }
      #expect(throws: PostgresError.self) { try row.decode(1, as: PostgresDate.self) }
      #expect(throws: PostgresError.self) { try row.decode(2, as: [Int].self) }
      #expect(throws: PostgresError.self) { try row.decode(3, as: Int16.self) }
      #expect(try row.decode(4, as: [Int].self).isEmpty)
    }
  }

  /// Whatever bytes an array is made of, reading stays inside them.
  @Test func malformedArraysAreErrors() {
    var whole: [UInt8] = []
    [1, 2].encode(into: &whole)
    for length in 0..<whole.count {
      #expect(throws: PostgresError.self) {
        try whole[..<length].withUnsafeBytes { try [Int](postgres: $0, type: .int8.array) }
      }
    }
    for position in 12..<24 {
      var broken = whole
      broken[position] = 0x7F
      _ = try? broken.withUnsafeBytes { try [Int](postgres: $0, type: .int8.array) }
    }
  }
}
