import Contracts

/// Who wants to hear of what, and where.
struct Subscription: Sendable {
  enum Status: String, Codable, CaseIterable, Sendable {
    case active
    /// By a person, until a person says otherwise.
    case paused
    /// By us: the endpoint is gone or has failed for too long.
    case disabled
    /// Nobody sees it any more; its deliveries are on their way out.
    case deleted
  }

  var id: EntityID
  var url: String
  var description: String?
  /// Empty: all.
  var types: [String]
  var filter: EventFilter
  var status: Status
  var disabledReason: String?
  var createdBy: String
  /// Whose it is: it hears of the deals that this person may see. Nil: of all deals.
  var boundTo: String?
  var createdAt: Instant
  var updatedAt: Instant
  /// Events recorded before are not for it, but for ``clockTolerance``.
  var activeSince: Instant
  var failingSince: Instant?
  var notBefore: Instant?
  /// Until when the former secret signs too.
  var previousSecretUntil: Instant?

  /// For how long both secrets sign after a rotation.
  static let rotationHours: Double = 24

  /// Seconds by which the clocks of two machines may differ: an event that somebody caused right after
  /// subscribing must not look older than the subscription.
  static let clockTolerance: Double = 5

  func wants(_ event: OutgoingEvent) -> Bool {
    event.recordedAt >= activeSince.adding(seconds: -Subscription.clockTolerance)
      && (types.isEmpty || types.contains(event.type))
      && filter.fits(event.subject)
  }

  /// Takes a person's word on the status. What happened while it was not active is not made up for;
  /// deliveries that were waiting go on.
  mutating func set(_ status: Status, now: Instant) {
    guard status != self.status else { return }
    if status == .active {
      activeSince = now
      failingSince = nil
      notBefore = nil
      disabledReason = nil
    }
    self.status = status
  }
}
