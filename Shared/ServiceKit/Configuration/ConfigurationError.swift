/// Everything that is wrong with the configuration, at once.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
  package struct Problem: Sendable, Hashable, CustomStringConvertible {
    /// The environment variable.
    package let variable: String
    /// The value that was found; nil where there was none or where it is a secret.
    package let value: String?
    /// What would be right, as the end of a sentence.
    package let expected: String

    package init(variable: String, value: String?, expected: String) {
      self.variable = variable
      self.value = value
      self.expected = expected
    }

    package var description: String {
      if let value {
        "\(variable) is \"\(value)\": \(expected)"
      } else {
        "\(variable): \(expected)"
      }
    }
  }

  package let problems: [Problem]

  package init(problems: [Problem]) { self.problems = problems }

  package var description: String {
    "the configuration is not usable:\n"
      + problems.map { "  \($0.description)" }.joined(separator: "\n")
  }
}
