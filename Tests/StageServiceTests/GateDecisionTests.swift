import Contracts
import ServiceWiring
import Testing

@testable import StageService

/// The table of gate cases, decided.
@Suite struct GateDecisionTests {
  @Test func itHasSixtyCasesOfDifferentNames() {
    #expect(GateCase.all.count >= 60)
    #expect(Set(GateCase.all.map(\.description)).count == GateCase.all.count)
  }

  @Test func decided() throws {
    for (index, gateCase) in GateCase.all.enumerated() {
      let story = try Story(GateCase.id(index), of: gateCase, until: Fixture.start)
      for isRule in [false, true] {
        var move = gateCase.move
        if isRule { move.evidence = GateCase.evidence }
        let result = decider(isRule ? nil : gateCase.mover).decide(
          StageCommand(id: Fixture.id(1), opportunityId: GateCase.id(index), action: .move(move)),
          on: story.deal)
        let expected = isRule ? gateCase.codesForRule : gateCase.codes
        #expect(result.codes == expected, "\(gateCase), rule: \(isRule)")
        #expect((result.event != nil) == expected.isEmpty)
        for failure in result.refusal?.failures ?? [] {
          #expect(!failure.message.zh.isEmpty && !failure.message.en.isEmpty, "\(gateCase)")
          #expect(failure.pointer.hasPrefix("/"), "\(gateCase)")
        }
      }
    }
  }

  private func decider(_ person: Person?) -> Decider {
    let actor = person?.rawValue ?? "service:activity-ingest"
    let standing = Person.standing(Directory(), actor, Person.owner.rawValue)
    return Decider(
      definition: GateCase.definition, version: 1,
      context: DecisionContext(
        now: Fixture.start, actor: actor, eventID: Fixture.id(2), epoch: 1, mode: .live,
        actorRoles: standing.roles, ownerManagers: standing.ownerManagers))
  }
}
