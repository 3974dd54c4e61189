import Hummingbird
import Messaging
import Postgres
import ServiceKit
import ServiceWiring

/// All routes of the service, below `/v1` and behind authentication.
struct StageServiceRoutes: Sendable {
  private let opportunities: OpportunityRoutes
  private let bulk: BulkRoutes
  private let accounts: AccountRoutes
  private let pipelines: PipelineRoutes
  private let drafts: DraftRoutes
  private let events: EventRoutes
  private let serviceAccounts: ServiceAccountRoutes

  /// - Parameter standing: who stands above the owner of a deal; roles are those of the token.
  init(
    pool: PostgresPool, recorder: Recorder, committed: WakeSignal,
    standing: @escaping Standing.Lookup = Standing.nobody
  ) {
    let catalog = PipelineCatalog(pool: pool)
    let store = OpportunityStore(pool: pool)
    let history = HistoryStore(pool: pool)
    let endpoint = CommandEndpoint(
      store: store, idempotency: IdempotencyStore(pool: pool), catalog: catalog,
      recorder: recorder, committed: committed, standing: standing)
    opportunities = OpportunityRoutes(
      store: store, history: history, catalog: catalog, endpoint: endpoint)
    bulk = BulkRoutes(endpoint: endpoint)
    accounts = AccountRoutes(store: AccountStore(pool: pool))
    pipelines = PipelineRoutes(catalog: catalog, recorder: recorder, committed: committed)
    drafts = DraftRoutes(
      store: DraftStore(pool: pool), publisher: DraftPublisher(pool: pool, catalog: catalog),
      catalog: catalog, recorder: recorder, committed: committed)
    events = EventRoutes(history: history)
    serviceAccounts = ServiceAccountRoutes(
      store: ServiceAccountStore(pool: pool), recorder: recorder, committed: committed)
  }

  func add(
    to router: Router<ServiceRequestContext>, authenticator: Authenticator
  ) {
    let v1 = router.group("v1")
      .add(middleware: AuthenticationMiddleware(authenticator))
      .add(middleware: DatabaseErrorMiddleware())
    opportunities.add(to: v1)
    bulk.add(to: v1)
    accounts.add(to: v1)
    pipelines.add(to: v1)
    drafts.add(to: v1)
    events.add(to: v1)
    serviceAccounts.add(to: v1)
  }
}
