import Contracts
import Hummingbird
import Messaging
import Postgres
import ServiceKit
import ServiceWiring

/// All routes of the service, below `/v1` and behind authentication.
struct ActivityIngestRoutes: Sendable {
  private let activities: ActivityRoutes
  private let unmatched: UnmatchedRoutes
  private let proposals: ProposalRoutes
  private let rules: RuleRoutes

  init(
    pool: PostgresPool, settlement: Settlement, directory: DirectoryCache, committed: WakeSignal
  ) {
    let access = AccessControl(directory: directory)
    activities = ActivityRoutes(
      store: ActivityStore(pool: pool, committed: committed), access: access)
    unmatched = UnmatchedRoutes(
      store: UnmatchedStore(pool: pool, settlement: settlement, committed: committed),
      access: access)
    proposals = ProposalRoutes(
      store: ProposalStore(pool: pool, committed: committed, pipelines: settlement.pipelines),
      access: access)
    rules = RuleRoutes(store: settlement.rules, access: access)
  }

  func add(to router: Router<ServiceRequestContext>, authenticator: Authenticator) {
    let v1 = router.group("v1")
      .add(middleware: AuthenticationMiddleware(authenticator))
      .add(middleware: DatabaseErrorMiddleware())
    activities.add(to: v1)
    unmatched.add(to: v1)
    proposals.add(to: v1)
    rules.add(to: v1)
  }
}

extension ServiceRequestContext {
  /// The identity in the path.
  func identity() throws -> EntityID {
    let text = parameters.get("id") ?? ""
    guard let id = EntityID(text) else {
      throw Problem.invalidRequest(
        [
          ProblemError(
            code: "invalid-parameter", field: "id",
            message: LocalizedText(
              zh: "编号应为 UUID，例如 01936f3e-7c00-7000-8000-000000000001",
              en: "the id is a UUID such as 01936f3e-7c00-7000-8000-000000000001"))
        ], detail: "the id in the path is not a UUID")
    }
    return id
  }
}

extension QueryReader {
  /// A cursor that is a position in a list.
  mutating func position(_ name: String) -> Int64? {
    value(name, expected: LocalizedText(zh: "上一页的 next", en: "the next of the page before")) {
      Int64($0).flatMap { $0 >= 0 ? $0 : nil }
    }
  }
}
