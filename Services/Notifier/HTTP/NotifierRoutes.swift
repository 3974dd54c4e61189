import Contracts
import Hummingbird
import Messaging
import Postgres
import ServiceKit
import ServiceWiring

/// All routes of the service, below `/v1` and behind authentication.
struct NotifierRoutes: Sendable {
  let pool: PostgresPool
  let directory: DirectoryCache
  let check: AddressCheck
  /// Woken when a request makes a delivery due.
  let due: WakeSignal
  let now: @Sendable () -> Instant

  func add(to router: Router<ServiceRequestContext>, authenticator: Authenticator) {
    let v1 = router.group("v1")
      .add(middleware: AuthenticationMiddleware(authenticator))
      .add(middleware: DatabaseErrorMiddleware())
    let access = AccessControl(directory: directory)
    SubscriptionRoutes(
      store: SubscriptionStore(pool: pool), access: access, check: check, due: due, now: now
    ).add(to: v1)
    DeliveryRoutes(store: DeliveryStore(pool: pool), access: access, due: due, now: now)
      .add(to: v1)
    FollowUpRoutes(queries: FollowUpQueries(pool: pool), access: access, now: now).add(to: v1)
  }
}

extension QueryReader {
  mutating func id(_ name: String) -> EntityID? {
    value(
      name,
      expected: LocalizedText(
        zh: " UUID，例如 01936f3e-7c00-7000-8000-000000000001",
        en: "a UUID such as 01936f3e-7c00-7000-8000-000000000001")
    ) { EntityID($0) }
  }

  /// The cursor of a list, as the page before gave it.
  mutating func cursor<Cursor: LosslessStringConvertible>(_: Cursor.Type) -> Cursor? {
    value(
      "cursor", expected: LocalizedText(zh: "上一页的 next", en: "the next of the page before")
    ) { Cursor($0) }
  }
}
