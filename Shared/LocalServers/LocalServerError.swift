/// Why a local server could not be started, in words for the person at the terminal.
package struct LocalServerError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
