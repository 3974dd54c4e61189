import Contracts
import HTTPTypes
import ServiceKit

/// The activities of a request, checked; or a 400 with everything that is wrong with any of them.
enum IncomingActivities {
  static let batchLimit = 1_000
  /// Of the data of one event: what a broker with its usual settings takes.
  static let dataLimit = 900_000

  struct Item: Sendable {
    var event: CloudEvent
    var data: [UInt8]
    var activity: ObservedActivity
  }

  static func read(_ events: [ReceivedEvent]) throws -> [Item] {
    guard events.count <= batchLimit else { throw Problem.tooManyEvents(events.count) }
    var items: [Item] = []
    var errors: [ProblemError] = []
    var wrong = 0
    for event in events {
      let found = findings(in: event)
      if found.isEmpty, let activity = try ObservedActivity.decode(event.event, data: event.data) {
        items.append(Item(event: event.event, data: event.data, activity: activity))
      } else {
        errors += found
        wrong += 1
      }
    }
    guard wrong == 0 else {
      throw Problem.invalidRequest(
        errors,
        detail: events.count == 1
          ? "the event is not an activity that can be taken; nothing is stored"
          : "\(wrong) of \(events.count) events cannot be taken; nothing is stored")
    }
    return items
  }

  private static func findings(in received: ReceivedEvent) -> [ProblemError] {
    let event = received.event
    guard event.type == ObservedActivity.type else {
      return [
        received.complaint(
          about: "type", code: "unknown-type", zh: "是 \(event.type)，应为 \(ObservedActivity.type)",
          en: "is \(event.type); expected \(ObservedActivity.type)")
      ]
    }
    let nulls = [("id", event.id), ("source", event.source), ("subject", event.subject ?? "")]
      .filter { $0.1.utf8.contains(0) }
      .map {
        received.complaint(
          about: $0.0, code: "invalid-text", zh: "不能包含 U+0000", en: "must not contain U+0000")
      }
    guard nulls.isEmpty else { return nulls }
    guard received.data.count <= dataLimit else {
      return [
        received.complaint(
          atData: "", code: "too-large", zh: "最多 \(dataLimit) 字节",
          en: "must have \(dataLimit) bytes at most")
      ]
    }
    let observation: ActivityObservation
    do {
      observation = try RequestBodyDecoder.decode(ActivityObservation.self, from: received.data)
      try NullCharacter.refuse(in: received.data)
    } catch let problem as Problem {
      return received.complaints(problem)
    } catch {
      return [
        received.complaint(
          atData: "", code: "invalid-text", zh: "文本不能包含 U+0000",
          en: "must not contain U+0000 in any text")
      ]
    }
    let activity = ObservedActivity(
      id: event.id, source: event.source, time: event.time, observation: observation)
    return ActivityCheck.findings(in: activity).map { finding in
      switch finding.place {
      case .data(let pointer):
        received.complaint(
          atData: pointer, code: finding.code, zh: finding.message.zh, en: finding.message.en)
      case .attribute(let name):
        received.complaint(
          about: name, code: finding.code, zh: finding.message.zh, en: finding.message.en)
      }
    }
  }
}

extension ReceivedEvent {
  /// About an attribute: a header in binary mode, a member of the event otherwise.
  fileprivate func complaint(
    about attribute: String, code: String, zh: String, en: String
  ) -> ProblemError {
    guard !pointer(toData: "").isEmpty else {
      return ProblemError(
        code: code, field: "ce-\(attribute)",
        message: LocalizedText(
          zh: "请求头 ce-\(attribute) \(zh)", en: "the header ce-\(attribute) \(en)"))
    }
    let pointer = (index.map { "/\($0)" } ?? "") + "/\(attribute)"
    return ProblemError(
      code: code, pointer: pointer, field: attribute,
      message: LocalizedText(
        zh: "\(place.zh)\(attribute) \(zh)", en: "\(place.en)\(attribute) \(en)"))
  }

  fileprivate func complaint(
    atData inner: String, code: String, zh: String, en: String
  ) -> ProblemError {
    let name = inner.split(separator: "/").last.map(String.init)
    return ProblemError(
      code: code, pointer: pointer(toData: inner), field: name,
      message: LocalizedText(
        zh: "\(place.zh)\(name ?? "数据") \(zh)", en: "\(place.en)\(name ?? "the data") \(en)"))
  }

  /// What decoding the data complained of, with pointers that start at the body.
  fileprivate func complaints(_ problem: Problem) -> [ProblemError] {
    guard !problem.errors.isEmpty else {
      let detail = problem.detail ?? problem.title
      return [complaint(atData: "", code: problem.code, zh: detail, en: detail)]
    }
    return problem.errors.map { error in
      var error = error
      error.pointer = pointer(toData: error.pointer ?? "")
      error.message = LocalizedText(
        zh: place.zh + error.message.zh, en: place.en + error.message.en)
      return error
    }
  }

  /// Which event of a batch; nothing where it came alone.
  private var place: LocalizedText {
    guard let index else { return LocalizedText(zh: "", en: "") }
    return LocalizedText(zh: "事件 \(index)：", en: "event \(index): ")
  }
}

extension Problem {
  fileprivate static func tooManyEvents(_ count: Int) -> Problem {
    let limit = IncomingActivities.batchLimit
    return .invalidRequest(
      [
        ProblemError(
          code: "too-many-events", pointer: "",
          message: LocalizedText(
            zh: "一批最多 \(limit) 个事件，收到 \(count) 个",
            en: "a batch has at most \(limit) events; this one has \(count)"))
      ], detail: "send the events in smaller batches; nothing is stored")
  }
}
