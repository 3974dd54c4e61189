import Contracts

/// Which events of the wanted types a subscription gets: those that fit every member that is set.
/// In JSON each member is one text or an array of them; written as an array.
struct EventFilter: Hashable, Sendable {
  var pipeline: [String]?
  var team: [String]?
  /// The stage that a deal leaves, enters or stands in.
  var stage: [String]?
  var owner: [String]?

  init(
    pipeline: [String]? = nil, team: [String]? = nil, stage: [String]? = nil,
    owner: [String]? = nil
  ) {
    self.pipeline = pipeline
    self.team = team
    self.stage = stage
    self.owner = owner
  }

  func fits(_ subject: EventSubject) -> Bool {
    EventFilter.fits(pipeline, [subject.pipeline])
      && EventFilter.fits(team, [subject.team])
      && EventFilter.fits(stage, subject.stages)
      && EventFilter.fits(owner, [subject.owner])
  }

  private static func fits(_ wanted: [String]?, _ found: [String?]) -> Bool {
    guard let wanted else { return true }
    return found.contains { $0.map(wanted.contains) ?? false }
  }
}

/// What filters look at.
struct EventSubject: Hashable, Sendable {
  var pipeline: String
  var team: String?
  var owner: String?
  var stages: [String?]
}

extension EventFilter: Codable {
  enum CodingKeys: String, CodingKey, CaseIterable { case pipeline, team, stage, owner }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  /// A member that is not known is refused: a misspelt filter would let everything through.
  init(from decoder: any Decoder) throws {
    let all = try decoder.container(keyedBy: AnyKey.self)
    for key in all.allKeys where CodingKeys(rawValue: key.stringValue) == nil {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: all,
        debugDescription: "a filter has no such member; there are: "
          + CodingKeys.allCases.map(\.rawValue).joined(separator: ", "))
    }
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func texts(_ key: CodingKeys) throws -> [String]? {
      guard container.contains(key), try !container.decodeNil(forKey: key) else { return nil }
      if let one = try? container.decode(String.self, forKey: key) { return [one] }
      return try container.decode([String].self, forKey: key)
    }
    pipeline = try texts(.pipeline)
    team = try texts(.team)
    stage = try texts(.stage)
    owner = try texts(.owner)
  }
}

/// The types that can be subscribed to.
enum KnownTypes {
  static let all =
    StageEventType.allCases.map(\.rawValue) + NoticeType.allCases.map(\.rawValue)

  /// Of the event that `POST …/test` sends; to nobody else.
  static let test = "sluice.subscription-tested.v1"
}
