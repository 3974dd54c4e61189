import Postgres
import TestSupport
import Testing

@Suite struct ErrorTests {
  @Test func serverErrorsCarrySQLState() async throws {
    try await withTestDatabase { database async throws in
      let syntax = await #expect(throws: PostgresError.self) {
        try await database.pool.query("SELEC 1")
      }
      #expect(syntax?.code == .server(sqlState: "42601"))
      #expect(syntax?.sqlState == "42601")
      #expect(syntax?.message == #"syntax error at or near "SELEC""#)
      let missing = await #expect(throws: PostgresError.self) {
        try await database.pool.query("SELECT * FROM nowhere")
      }
      #expect(missing?.sqlState == "42P01")
      // The connection lives on.
      #expect(try await database.pool.query("SELECT 1").count == 1)
      #expect(database.pool.statistics.idle == 1)
    }
  }

  @Test func violationsNameTheConstraint() async throws {
    try await withTestDatabase { database in
      try await database.pool.execute(
        """
        CREATE TABLE deal (
          id int8 CONSTRAINT deal_key PRIMARY KEY,
          parent int8 CONSTRAINT deal_parent REFERENCES deal,
          amount int8 CONSTRAINT deal_amount CHECK (amount >= 0))
        """)
      try await database.pool.execute("INSERT INTO deal VALUES ($1)", 1)
      let unique = await #expect(throws: PostgresError.self) {
        try await database.pool.execute("INSERT INTO deal VALUES ($1)", 1)
      }
      #expect(unique?.isUniqueViolation == true)
      #expect(unique?.constraint == "deal_key")
      #expect(unique?.table == "deal")
      #expect(unique?.isRetriable == false)
      let foreign = await #expect(throws: PostgresError.self) {
        try await database.pool.execute("INSERT INTO deal VALUES ($1, $2)", 2, 3)
      }
      #expect(foreign?.isForeignKeyViolation == true)
      #expect(foreign?.constraint == "deal_parent")
      let check = await #expect(throws: PostgresError.self) {
        try await database.pool.execute("INSERT INTO deal VALUES ($1, NULL, $2)", 2, -1)
      }
      #expect(check?.isCheckViolation == true)
      #expect(check?.constraint == "deal_amount")
    }
  }

  @Test func descriptionsShowNoValues() async throws {
    try await withTestDatabase { database in
      let secret = "s3cret\"value"
      try await database.pool.execute(
        "CREATE TABLE person (mail text PRIMARY KEY CHECK (mail <> 'bad s3cret'))")
      try await database.pool.execute("INSERT INTO person VALUES ($1)", secret)
      let failing: [(String, String)] = [
        ("INSERT INTO person VALUES ($1)", secret),
        ("INSERT INTO person VALUES ($1)", "bad s3cret"),
        ("SELECT $1::text::int8", secret),
        ("SELECT $1::text::uuid", secret),
        ("SELECT $1::text::date", secret),
        ("SELECT $1::text::int8", "99999999999999999999999"),
        ("SELECT $1::text::jsonb", secret),
        ("SELECT $1::text::int8[]", secret),
      ]
      for (sql, value) in failing {
        let error = await #expect(throws: PostgresError.self) {
          try await database.pool.execute(sql, value)
        }
        for text in ["\(error!)", String(reflecting: error!), error!.message] {
          #expect(!text.contains("s3cret"))
          #expect(!text.contains("9999"))
          #expect(!text.contains("value\""))
        }
        #expect(error?.sqlState != nil)
      }
    }
  }

  @Test func configurationHidesThePassword() throws {
    let configuration = try PostgresConfiguration(
      url: "postgres://me:s3cret@db.example:5433/sluice?sslmode=require", applicationName: "test")
    #expect(
      "\(configuration)" == "user=me dbname=sluice host=db.example port=5433 application_name=test")
    var dumped = ""
    dump(configuration, to: &dumped)
    for text in [dumped, String(reflecting: configuration)] { #expect(!text.contains("s3cret")) }

    let error = #expect(throws: PostgresError.self) {
      try PostgresConfiguration(url: "postgres://me:s3cret@[db/sluice", applicationName: "test")
    }
    #expect(error?.code == .invalidConfiguration)
    #expect(error.map { "\($0)".contains("s3cret") } == false)
  }

  @Test func refusedConnectionIsRetriable() async throws {
    // Port 1 of the loopback is nobody's.
    let pool = PostgresPool(
      try PostgresConfiguration(
        url: "postgres://me:s3cret@127.0.0.1:1/sluice", applicationName: "test"),
      size: 1, logger: quietLogger)
    let error = await #expect(throws: PostgresError.self) { try await pool.query("SELECT 1") }
    #expect(error?.code == .connectionFailed)
    #expect(error?.isRetriable == true)
    #expect(error.map { "\($0)".contains("s3cret") } == false)
    #expect(await pool.ping(timeout: .seconds(5)) == false)
    await pool.close()
  }

  @Test func tooManyParametersIsAnErrorBeforeSending() async throws {
    try await withTestDatabase { database async throws in
      let parameters = [(any PostgresEncodable)?](repeating: 1, count: 70_000)
      let error = await #expect(throws: PostgresError.self) {
        try await database.pool.query("SELECT 1", parameters: parameters)
      }
      #expect(error?.code == .misuse)
      #expect(try await database.pool.query("SELECT 1").count == 1)
    }
  }

  @Test func copyOutsideCopyInIsAnError() async throws {
    try await withTestDatabase { database async throws in
      let error = await #expect(throws: PostgresError.self) {
        try await database.pool.query("COPY pg_class TO STDOUT")
      }
      #expect(error?.code == .misuse)
      #expect(try await database.pool.query("SELECT 1").count == 1)
    }
  }

  @Test func statementTimeoutEndsAStatement() async throws {
    try await withTestDatabase { database in
      let pool = PostgresPool(
        try PostgresConfiguration(
          url: database.url, applicationName: "test", statementTimeout: .milliseconds(50)),
        size: 1, logger: quietLogger)
      let error = await #expect(throws: PostgresError.self) {
        try await pool.query("SELECT pg_sleep(60)")
      }
      #expect(error?.sqlState == "57014")
      #expect(error?.isRetriable == true)
      await pool.close()
    }
  }

  @Test(arguments: [
    ("40001", true), ("40P01", true), ("40002", false), ("53300", true), ("57P01", true),
    ("55P03", true), ("08006", true), ("23505", false), ("22P02", false), ("42601", false),
  ])
  func retriableStates(state: String, isRetriable: Bool) {
    #expect(PostgresError(.server(sqlState: state), "").isRetriable == isRetriable)
  }
}
