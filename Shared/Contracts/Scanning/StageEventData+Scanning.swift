extension StageEventData {
  /// The same as the ordinary decoder makes of it, in a tenth of the time; nil where the scanner gives
  /// up (see ``JSONScanner``), as it does with the rarer members.
  init?(scanning bytes: [UInt8]) {
    guard let data = JSONScanner.scan(bytes, StageEventData.scan) else { return nil }
    self = data
  }

  private enum Member: String, CaseIterable {
    // As the encoder sorts them.
    case account, actor, amount, benchmarkDays, cause, changes, entryUnknown, epoch, expectedClose
    case externalId, followUpDueAt, forecastCategory, from, fromCategory, fromPosition, handOff
    case name, occurredAt, opportunityId, owner, pipeline, pipelineVersion, reason, recordedAt, rule
    case sequence, team, to, toCategory, toPosition, violations

    static let all = allCases
    static let names = MemberNames(allCases.map(\.rawValue))
    /// Those without which there is no event, as a set of bits.
    static let required = [
      actor, epoch, occurredAt, opportunityId, pipeline, pipelineVersion, recordedAt, sequence,
    ].reduce(into: 0 as UInt64) { bits, member in
      bits |= 1 << UInt64(allCases.firstIndex(of: member)!)
    }
  }

  private static let nowhere = EntityID.v7(at: Instant(microseconds: 0), entropy: (0, 0))

  private static func scan(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.GaveUp) -> StageEventData {
    let epochStart = Instant(microseconds: 0)
    var data = StageEventData(
      opportunityId: nowhere, epoch: 0, sequence: 0, pipeline: "", pipelineVersion: 0, actor: "",
      occurredAt: epochStart, recordedAt: epochStart)
    var seen: UInt64 = 0
    try scanner.object(Member.names) { scanner, number throws(JSONScanner.GaveUp) in
      seen |= 1 << UInt64(number)
      try data.take(Member.all[number], from: &scanner)
    }
    guard seen & Member.required == Member.required else { throw JSONScanner.GaveUp() }
    return data
  }

  private mutating func take(
    _ member: Member, from scanner: inout JSONScanner
  ) throws(JSONScanner.GaveUp) {
    switch member {
    case .account: account = try scanner.optional()
    case .actor: actor = try scanner.read()
    case .amount: amount = try scanner.optional()
    case .benchmarkDays: benchmarkDays = try scanner.optional()
    case .cause: cause = try scanner.optional()
    case .changes: changes = try FieldChange.scanAll(&scanner)
    case .entryUnknown: entryUnknown = try scanner.optional()
    case .epoch: epoch = try scanner.read()
    case .expectedClose: expectedClose = try scanner.optional()
    case .externalId: externalId = try scanner.optional()
    case .followUpDueAt: followUpDueAt = try scanner.optional()
    case .forecastCategory: forecastCategory = try scanner.optional()
    case .from: from = try scanner.optional()
    case .fromCategory: fromCategory = try scanner.optional()
    case .fromPosition: fromPosition = try scanner.optional()
    case .handOff: handOff = try scanner.optional()
    case .name: name = try scanner.optional()
    case .occurredAt: occurredAt = try scanner.read()
    case .opportunityId: opportunityId = try scanner.read()
    case .owner: owner = try scanner.optional()
    case .pipeline: pipeline = try scanner.read()
    case .pipelineVersion: pipelineVersion = try scanner.read()
    case .reason: reason = try scanner.optional()
    case .recordedAt: recordedAt = try scanner.read()
    case .rule: rule = try scanner.optional()
    case .sequence: sequence = try scanner.read()
    case .team: team = try scanner.optional()
    case .to: to = try scanner.optional()
    case .toCategory: toCategory = try scanner.optional()
    case .toPosition: toPosition = try scanner.optional()
    // What is in one, the ordinary decoder knows.
    case .violations: try scanner.array { _ throws(JSONScanner.GaveUp) in throw .init() }
    }
  }
}

extension StageCategory: Scannable {
  static func scan(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.GaveUp) -> StageCategory {
    guard let category = StageCategory(rawValue: try scanner.read()) else { throw .init() }
    return category
  }
}

extension ForecastCategory: Scannable {
  static func scan(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.GaveUp) -> ForecastCategory {
    guard let category = ForecastCategory(rawValue: try scanner.read()) else { throw .init() }
    return category
  }
}

extension HandOff: Scannable {
  private static let names = MemberNames(["from", "to"])

  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> HandOff {
    var from: LocalizedText?
    var to: LocalizedText?
    try scanner.object(names) { scanner, number throws(JSONScanner.GaveUp) in
      if number == 0 { from = try scanner.optional() } else { to = try scanner.read() }
    }
    guard let to else { throw .init() }
    return HandOff(from: from, to: to)
  }
}

extension LocalizedText: Scannable {
  private static let names = MemberNames(["en", "zh"])

  static func scan(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.GaveUp) -> LocalizedText {
    var zh: String?
    var en: String?
    try scanner.object(names) { scanner, number throws(JSONScanner.GaveUp) in
      if number == 0 { en = try scanner.read() } else { zh = try scanner.read() }
    }
    guard let zh, let en else { throw .init() }
    return LocalizedText(zh: zh, en: en)
  }
}

extension Money: Scannable {
  private static let names = MemberNames(["currency", "minor"])

  static func scan(_ scanner: inout JSONScanner) throws(JSONScanner.GaveUp) -> Money {
    var minor: Int64?
    var currency: String?
    try scanner.object(names) { scanner, number throws(JSONScanner.GaveUp) in
      if number == 0 { currency = try scanner.read() } else { minor = try scanner.read() }
    }
    guard let minor, let currency, isCurrency(currency) else { throw .init() }
    return Money(minor: minor, currency: currency)
  }
}

extension Account: Scannable {
  private static let names = MemberNames(["externalId", "id", "name"])

  static func scan(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.GaveUp) -> Account {
    var name: String?
    var id: String?
    var externalID: String?
    try scanner.object(names) { scanner, number throws(JSONScanner.GaveUp) in
      switch number {
      case 0: externalID = try scanner.optional()
      case 1: id = try scanner.optional()
      default: name = try scanner.read()
      }
    }
    guard let name else { throw .init() }
    return Account(name: name, id: id, externalId: externalID)
  }
}

extension FieldChange {
  private static let names = MemberNames(["field", "new", "old"])

  fileprivate static func scanAll(
    _ scanner: inout JSONScanner
  ) throws(JSONScanner.GaveUp) -> [FieldChange] {
    var changes: [FieldChange] = []
    try scanner.array { scanner throws(JSONScanner.GaveUp) in
      var field: String?
      var new: JSONValue?
      var old: JSONValue?
      try scanner.object(names) { scanner, number throws(JSONScanner.GaveUp) in
        switch number {
        case 0: field = try scanner.read()
        case 1: new = try scanner.read()
        default: old = try scanner.read()
        }
      }
      guard let field, let new, let old else { throw .init() }
      changes.append(FieldChange(field: field, old: old, new: new))
    }
    return changes
  }
}
