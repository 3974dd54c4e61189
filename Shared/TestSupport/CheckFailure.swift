/// What a check found, in words for whoever reads the failed test.
package struct CheckFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

package func check(_ condition: Bool, _ what: @autoclosure () -> String) throws {
  if !condition { throw CheckFailure(what()) }
}

package func checkEqual<Value: Equatable>(
  _ found: Value, _ expected: Value, _ what: @autoclosure () -> String
) throws {
  if found != expected {
    throw CheckFailure("\(what()): found \(found), expected \(expected)")
  }
}
