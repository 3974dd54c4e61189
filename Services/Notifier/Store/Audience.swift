import ServiceKit
import ServiceWiring

/// Of which deals somebody may hear.
struct Audience: Sendable {
  private let isThere: Bool
  /// Nil: of all of them.
  private let scope: DealScope?

  /// A subscription is a manager's; what else the person's tokens allow is not known.
  init(of person: String, in directory: Directory) {
    let caller = Caller(subject: person, roles: [.manager], in: directory)
    isThere = caller.refusal(.read) == nil
    scope = caller.scope
  }

  /// By the deal's owner and team after the event. What is of no deal is for everybody.
  func includes(_ event: OutgoingEvent) -> Bool {
    guard isThere else { return false }
    guard let scope, event.opportunityID != nil else { return true }
    return scope.contains(owner: event.subject.owner, team: event.subject.team)
  }
}
