import Contracts
import Foundation

@testable import ActivityIngest

/// The pipeline of these tests: four open stages, won, lost.
enum Ladder {
  static let key = "general"

  static let definition = PipelineDefinition(
    name: LocalizedText(zh: "通用", en: "General"),
    stages: [
      stage("contact", .open), stage("proposal", .open), stage("negotiation", .open),
      stage("contract", .open), stage("won", .won), stage("lost", .lost),
    ])

  static let published = PublishedPipeline(
    key: key, version: 1, definition: definition, publishedAt: Instant(microseconds: 0),
    publishedBy: "test")

  private static func stage(_ key: String, _ category: StageCategory) -> Stage {
    Stage(key: key, name: LocalizedText(zh: key, en: key), category: category)
  }
}

/// Makes the events of one opportunity, one after the other.
struct History {
  static let start = Instant("2026-03-02T10:00:00Z")!

  let id: EntityID
  var at = History.start
  var externalID: String?
  var owner: String? = "wang.li"
  var team: String? = "east"
  private(set) var stage = ""
  private(set) var events: [StageEvent] = []

  init(_ number: UInt64, externalID: String? = nil, at: Instant = History.start) {
    id = .v7(at: History.start, entropy: (0, number))
    self.externalID = externalID
    self.at = at
  }

  var last: StageEvent { events[events.count - 1] }

  /// - Parameter fields: custom ones, such as contacts.
  @discardableResult
  mutating func create(
    in stage: String = "proposal", fields: [String: JSONValue] = [:]
  ) -> StageEvent {
    let externalID = externalID
    return add(.created) { data in
      data.place(in: stage)
      data.name = "Deal"
      data.account = Account(name: "Acme")
      data.externalId = externalID
      data.changes = fields.map {
        FieldChange(field: "fields.\($0.key)", old: .null, new: $0.value)
      }
    }
  }

  @discardableResult
  mutating func move(to stage: String, evidence: RuleEvidence? = nil) -> StageEvent {
    let from = self.stage
    return add(.moved) { data in
      data.place(in: stage)
      data.from = from
      data.fromCategory = Ladder.definition.stage(from)?.category
      data.fromPosition = Ladder.definition.position(of: from)
      data.rule = evidence?.rule
      data.evidence = evidence
    }
  }

  @discardableResult
  mutating func revert(_ move: StageEvent, to stage: String) -> StageEvent {
    let from = self.stage
    return add(.moveReverted) { data in
      data.place(in: stage)
      data.from = from
      data.reverted = RevertedMove(
        eventId: move.id, epoch: move.epoch, sequence: move.sequence, enteredAt: nil,
        enteredEpoch: 1, enteredSequence: 1)
    }
  }

  @discardableResult
  mutating func set(_ field: String, _ value: JSONValue) -> StageEvent {
    add(.changed) { data in
      data.changes = [FieldChange(field: "fields.\(field)", old: .null, new: value)]
    }
  }

  private mutating func add(
    _ type: StageEventType, _ edit: (inout StageEventData) -> Void
  ) -> StageEvent {
    let sequence = Int64(events.count + 1)
    var data = StageEventData(
      opportunityId: id, epoch: 1, sequence: sequence, pipeline: Ladder.key, pipelineVersion: 1,
      actor: "test", occurredAt: at, recordedAt: at)
    data.owner = owner
    data.team = team
    edit(&data)
    if let to = data.to { stage = to }
    at = at.adding(seconds: 1)
    let event = StageEvent(
      id: DerivedID.make("test-event", id.description, "\(sequence)"), type: type, data: data)
    events.append(event)
    return event
  }
}

extension StageEventData {
  fileprivate mutating func place(in stage: String) {
    to = stage
    toPosition = Ladder.definition.position(of: stage) ?? 0
    toCategory = Ladder.definition.stage(stage)?.category ?? .open
  }
}

extension ObservedActivity {
  /// An inbound mail.
  static func mail(
    _ id: String, _ text: String? = "您好", deal: EntityID? = nil, externalID: String? = nil,
    email: String? = nil, phone: String? = nil
  ) -> ObservedActivity {
    let contact = email == nil && phone == nil ? nil : Contact(email: email, phone: phone)
    return ObservedActivity(
      id: id, source: "/mail", time: History.start.adding(days: 1),
      observation: ActivityObservation(
        kind: "email", direction: .inbound, opportunityId: deal, externalId: externalID,
        contact: contact, text: text))
  }
}
