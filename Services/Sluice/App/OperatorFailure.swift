import ServiceKit

/// What the shell sees. Throwing one ends the command without another word.
enum ExitStatus: Int32, Error {
  case well = 0
  /// Differences, bad rows, refused commands.
  case differences = 1
  /// Wrong arguments, a file that is not there, a setting that is missing or malformed.
  case usage = 2
  /// Broker, database or service cannot be reached or did not answer in time.
  case unavailable = 3
}

/// An error that knows its exit status and speaks for itself.
protocol OperatorError: Error {
  var status: ExitStatus { get }
  /// What is wrong and what to do, for standard error.
  var explanation: String { get }
}

/// The plain ``OperatorError``.
struct OperatorFailure: OperatorError, Hashable {
  var status: ExitStatus
  var message: String

  var explanation: String { message }

  static func usage(_ message: String) -> OperatorFailure {
    OperatorFailure(status: .usage, message: message)
  }

  static func unavailable(_ message: String) -> OperatorFailure {
    OperatorFailure(status: .unavailable, message: message)
  }

  static func differences(_ message: String) -> OperatorFailure {
    OperatorFailure(status: .differences, message: message)
  }

  /// One line for errors of the libraries, which describe themselves.
  static func describe(_ error: any Error) -> String {
    let text = String(describing: error)
    return text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// What reaches the top without being one of ours comes from input and output.
  static func status(of error: any Error) -> ExitStatus {
    error is ConfigurationError ? .usage : .unavailable
  }
}
