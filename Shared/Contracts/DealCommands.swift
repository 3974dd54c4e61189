/// What is asked of a deal without moving it.
extension StageCommand {
  /// Gives the deal to somebody else. An absent member stays, null clears, a value sets; one of the two
  /// must be there.
  package struct Assignment: Codable, Hashable, Sendable {
    package var owner: Patch<String>
    package var team: Patch<String>
    package var reason: String?

    package init(
      owner: Patch<String> = .keep, team: Patch<String> = .keep, reason: String? = nil
    ) {
      self.owner = owner
      self.team = team
      self.reason = reason
    }

    private enum CodingKeys: CodingKey { case owner, team, reason }

    package init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      owner = try container.decodePatch(String.self, forKey: .owner)
      team = try container.decodePatch(String.self, forKey: .team)
      reason = try container.decodeIfPresent(String.self, forKey: .reason)
    }

    package func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encodePatch(owner, forKey: .owner)
      try container.encodePatch(team, forKey: .team)
      try container.encodeIfPresent(reason, forKey: .reason)
    }
  }

  /// Puts the deal on hold: its deadlines wait, and it stays in every list.
  package struct Hold: Codable, Hashable, Sendable {
    package var reason: String
    /// When it is to go on; nil: until somebody resumes it.
    package var until: Instant?

    package init(reason: String, until: Instant? = nil) {
      self.reason = reason
      self.until = until
    }
  }

  /// Ends a duplicate.
  package struct Merge: Codable, Hashable, Sendable {
    /// The deal that stays.
    package var into: EntityID
    package var reason: String?

    package init(into: EntityID, reason: String? = nil) {
      self.into = into
      self.reason = reason
    }
  }

  package struct Resumption: Codable, Hashable, Sendable {
    package var reason: String?

    package init(reason: String? = nil) { self.reason = reason }
  }

  /// Ticks an item of a stage's checklist, or takes the tick away.
  package struct ChecklistTick: Codable, Hashable, Sendable {
    /// Key of the stage; nil: the one that the deal stands in.
    package var stage: String?
    package var item: String
    package var done: Bool

    package init(stage: String? = nil, item: String, done: Bool) {
      self.stage = stage
      self.item = item
      self.done = done
    }
  }

  /// What the customer said.
  package struct CustomerFeedback: Codable, Hashable, Sendable {
    /// From 1 to 5.
    package var score: Int?
    package var text: String
    /// When it was said; nil: now.
    package var at: Instant?
    /// The customer's own words, which a criterion may ask for; false: somebody's impression of them.
    /// Nil stands for true.
    package var explicit: Bool?

    package init(
      score: Int? = nil, text: String, at: Instant? = nil, explicit: Bool? = nil
    ) {
      self.score = score
      self.text = text
      self.at = at
      self.explicit = explicit
    }
  }
}

/// Why an administrator moves a deal that the gate refuses.
package struct GateOverride: Codable, Hashable, Sendable {
  package var reason: String

  package init(reason: String) { self.reason = reason }
}

/// Another department is responsible for the deal from a move on.
package struct HandOff: Codable, Hashable, Sendable {
  /// Nil where the stage that was left is nobody's.
  package var from: LocalizedText?
  package var to: LocalizedText

  package init(from: LocalizedText?, to: LocalizedText) {
    self.from = from
    self.to = to
  }
}
