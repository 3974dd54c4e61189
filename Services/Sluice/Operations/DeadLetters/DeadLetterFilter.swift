import ArgumentParser
import Contracts

/// Which dead letters are meant; all options must hold.
struct DeadLetterFilter: ParsableArguments {
  @Option(help: "Of one consumer group, in full or by its service, such as forecasting.")
  var group: String?

  @Option(help: "Of one origin, with or without the installation's prefix.")
  var topic: String?

  @Option(help: "By the code of the reason, such as invalid-data, or words of it.")
  var reason: String?

  @Option(
    help: ArgumentHelp(
      "Buried since then: an instant, a day, or an age such as 90m, 24h or 7d.",
      valueName: "when"))
  var since: String?

  func validate() throws {
    if let since, DeadLetterFilter.instant(since, now: .now()) == nil {
      throw ValidationError(
        "--since is \(since); it must be an instant such as 2026-11-23T09:30:00Z, a day such as "
          + "2026-11-23, or an age such as 90m, 24h or 7d")
    }
  }

  var isEmpty: Bool { group == nil && topic == nil && reason == nil && since == nil }

  func criteria(topicPrefix: String, now: Instant) -> Criteria {
    Criteria(
      group: group, topic: topic, topicPrefix: topicPrefix, reason: reason,
      since: since.flatMap { DeadLetterFilter.instant($0, now: now) })
  }

  struct Criteria: Sendable {
    var group: String?
    var topic: String?
    var topicPrefix = ""
    var reason: String?
    var since: Instant?

    func matches(_ letter: BuriedLetter) -> Bool {
      if let group, letter.group != group, letter.group?.hasSuffix("sluice-\(group)") != true {
        return false
      }
      if let topic, letter.origin.topic != topic, letter.origin.topic != topicPrefix + topic {
        return false
      }
      if let reason, letter.reasonCode != reason,
        !letter.reason.lowercased().contains(reason.lowercased())
      {
        return false
      }
      if let since {
        guard let buriedAt = letter.buriedAt, buriedAt >= since else { return false }
      }
      return true
    }
  }

  static func instant(_ text: String, now: Instant) -> Instant? {
    if let instant = Instant(text) ?? Instant("\(text)T00:00:00Z") { return instant }
    let units: [Character: Double] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800]
    guard let unit = text.last.flatMap({ units[$0] }), let count = Int32(text.dropLast()),
      count >= 0
    else { return nil }
    return now.adding(seconds: -Double(count) * unit)
  }
}
