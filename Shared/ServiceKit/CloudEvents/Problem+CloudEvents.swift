import Contracts
import HTTPTypes

extension Problem {
  /// The request carries events in none of the ways of the HTTP binding.
  static var notACloudEvent: Problem {
    Problem(
      .badRequest, code: "not-a-cloud-event", title: "The request carries no CloudEvent",
      detail: "send ce- headers with the data as the body, or one event as "
        + "application/cloudevents+json, or an array of them as application/cloudevents-batch+json")
  }

  static func unsupportedEventFormat(_ found: String) -> Problem {
    Problem(
      .unsupportedMediaType, code: "unsupported-media-type",
      title: "The body is of an unsupported type",
      detail: "Content-Type is \(found): send application/cloudevents+json or "
        + "application/cloudevents-batch+json, in UTF-8")
  }

  static func invalidEnvelope(_ errors: [ProblemError]) -> Problem {
    Problem(
      .badRequest, code: "invalid-envelope", title: "The event is not a CloudEvents 1.0 event",
      errors: errors)
  }
}

extension ProblemError {
  static let notAnArray = ProblemError(
    code: "invalid-type", pointer: "",
    message: LocalizedText(
      zh: "批量请求体应为事件数组", en: "the body of a batch is an array of events"))

  static func notAnObject(_ pointer: String) -> ProblemError {
    ProblemError(
      code: "invalid-type", pointer: pointer,
      message: LocalizedText(zh: "事件应为 JSON 对象", en: "an event is a JSON object"))
  }
}
