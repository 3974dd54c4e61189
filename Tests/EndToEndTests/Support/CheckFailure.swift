/// What a check found, in words for whoever reads the failed test.
struct CheckFailure: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

func check(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw CheckFailure(what()) }
}

func checkEqual<Value: Equatable>(
  _ found: Value, _ expected: Value, _ what: @autoclosure () -> String
) throws {
  if found != expected {
    throw CheckFailure("\(what()): found \(found), expected \(expected)")
  }
}
