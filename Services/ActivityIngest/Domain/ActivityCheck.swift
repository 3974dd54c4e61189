import Contracts

/// What an activity must fulfil beyond its form, so that it can be stored and recorded.
enum ActivityCheck {
  struct Finding: Hashable, Sendable {
    /// JSON pointer into the data, or the name of an attribute of the event.
    enum Place: Hashable, Sendable {
      case data(String)
      case attribute(String)
    }

    var place: Place
    var code: String
    var message: LocalizedText
  }

  /// Unicode code points. A longer subject is shortened, the rest refused.
  static let textLimit = 500
  private static let urlLimit = 2_000

  static func findings(in activity: ObservedActivity) -> [Finding] {
    let observation = activity.observation
    let kindIsBlank = !JSONValue.string(observation.kind).isFilled
    return [
      length(activity.source, .attribute("source")), length(activity.id, .attribute("id")),
      kindIsBlank ? blank(.data("/kind")) : length(observation.kind, .data("/kind")),
      length(observation.externalId, .data("/externalId")),
      length(observation.contact?.email, .data("/contact/email")),
      length(observation.contact?.phone, .data("/contact/phone")),
      length(observation.evidence?.url, .data("/evidence/url"), urlLimit),
      length(observation.evidence?.sha256, .data("/evidence/sha256")),
      length(observation.evidence?.title, .data("/evidence/title")),
    ].compactMap(\.self)
  }

  private static func length(
    _ text: String?, _ place: Finding.Place, _ limit: Int = textLimit
  ) -> Finding? {
    guard let text, text.unicodeScalars.count > limit else { return nil }
    return Finding(
      place: place, code: "too-long",
      message: LocalizedText(
        zh: "最多 \(limit) 个字符", en: "must have at most \(limit) characters"))
  }

  private static func blank(_ place: Finding.Place) -> Finding {
    Finding(
      place: place, code: "required",
      message: LocalizedText(
        zh: "不能为空，例如 email、call、chat、meeting、document",
        en: "must not be empty; for example email, call, chat, meeting, document"))
  }
}

extension ActivityCheck.Finding: CustomStringConvertible {
  var description: String {
    switch place {
    case .data(let pointer): "\(pointer) \(message.en)"
    case .attribute(let name): "the attribute \(name) \(message.en)"
    }
  }
}
