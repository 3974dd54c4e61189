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
  private let directory: DirectoryRoutes

  /// - Parameter standing: who stands above the owner of a deal, and what the actor decides on.
  init(
    pool: PostgresPool, recorder: Recorder, committed: WakeSignal,
    standing: @escaping Standing.Lookup = Standing.byDirectory
  ) {
    let catalog = PipelineCatalog(pool: pool)
    let store = OpportunityStore(pool: pool)
    let history = HistoryStore(pool: pool)
    let cache = DirectoryCache(pool: pool)
    let access = AccessControl(directory: cache)
    let endpoint = CommandEndpoint(
      store: store, idempotency: IdempotencyStore(pool: pool), catalog: catalog,
      access: access, recorder: recorder, committed: committed, standing: standing)
    opportunities = OpportunityRoutes(
      store: store, history: history, catalog: catalog, access: access, endpoint: endpoint)
    bulk = BulkRoutes(endpoint: endpoint)
    accounts = AccountRoutes(store: AccountStore(pool: pool), access: access)
    pipelines = PipelineRoutes(catalog: catalog, access: access, endpoint: endpoint)
    drafts = DraftRoutes(
      store: DraftStore(pool: pool), publisher: DraftPublisher(pool: pool, catalog: catalog),
      catalog: catalog, access: access, endpoint: endpoint)
    events = EventRoutes(history: history, access: access)
    serviceAccounts = ServiceAccountRoutes(
      store: ServiceAccountStore(pool: pool), access: access, recorder: recorder,
      committed: committed)
    directory = DirectoryRoutes(
      store: DirectoryStore(pool: pool, cache: cache, recorder: recorder), access: access,
      endpoint: endpoint, committed: committed)
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
    directory.add(to: v1)
  }
}
