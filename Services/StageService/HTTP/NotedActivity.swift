import Contracts

/// An activity that somebody logs by hand: the body of `POST …/activities`.
struct NotedActivity: Decodable, Sendable {
  var kind: String
  var at: Instant?
  var summary: String?
  var direction: ActivityDirection?
  var subject: String?
  var contact: Contact?
  var evidence: EvidenceLink?

  /// - Parameter now: stands for `at` where the body has none.
  func record(now: Instant) -> ActivityRecord {
    ActivityRecord(
      source: "/sluice/stage-service", id: EntityID.make(at: now).description, kind: kind,
      direction: direction, at: at ?? now, subject: subject, summary: summary, contact: contact,
      evidence: evidence)
  }
}
