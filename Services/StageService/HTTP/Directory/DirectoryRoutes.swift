import Contracts
import Hummingbird
import Messaging
import ServiceKit
import ServiceWiring

/// `/v1/people`, `/v1/teams`, `/v1/calendars` and `/v1/exchange-rates`: everyone who reads deals reads
/// them, admins change them.
struct DirectoryRoutes: Sendable {
  let store: DirectoryStore
  let access: AccessControl
  let endpoint: CommandEndpoint
  let committed: WakeSignal

  func add(to router: RouterGroup<ServiceRequestContext>) {
    let people = router.group("people")
    people.get(use: list(PersonEntry.self))
    people.get(":id", use: read(PersonEntry.self))
    people.put(":id", use: putPerson)
    people.post(":id/deactivate", use: deactivate)
    let teams = router.group("teams")
    teams.get(use: list(TeamEntry.self))
    teams.get(":id", use: read(TeamEntry.self))
    teams.put(":id", use: putTeam)
    let calendars = router.group("calendars")
    calendars.get(use: listCalendars)
    calendars.get(":id", use: readCalendar)
    calendars.put(":id", use: putCalendar)
    router.get("exchange-rates/:id", use: read(ExchangeRatesEntry.self))
    router.put("exchange-rates/:id", use: putRates)
  }

  // MARK: People

  @Sendable private func putPerson(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await put(request, context, "people") { (body: PersonRequest, id, now, actor) in
      body.entry(id, at: now, by: actor)
    }
  }

  @Sendable private func deactivate(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await change(request, context, "people") { caller, request, keeping in
      let id = try id(context, PersonEntry.self)
      let expected = try EntityTag.ifMatch(request)
      let body = try await endpoint.bytes(of: request, context)
      let wanted =
        body.isEmpty ? nil : try RequestBodyDecoder.decode(DeactivationRequest.self, from: body)
      if let successor = wanted?.reassignTo {
        let people = try await access.directory.current()
        guard people.people[id] != nil else { throw Self.unknown(PersonEntry.self) }
        let failures = DirectoryCheck.failures(ofSuccessor: successor, to: id, in: people)
        guard failures.isEmpty else { throw Problem.invalidEntry(failures) }
        try await Reassignment(batch: endpoint.batch).run(
          from: id, to: successor, by: .init(subject: caller.subject, caller: caller))
      }
      return try await store.deactivate(
        id, expected: expected, at: .now(), by: caller.subject, keeping: keeping)
    }
  }

  // MARK: Teams

  @Sendable private func putTeam(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await put(request, context, "teams") { (body: TeamRequest, id, now, actor) in
      body.entry(id, at: now, by: actor)
    }
  }

  // MARK: Calendars

  /// All of them, with the one that is there without having been made.
  @Sendable private func listCalendars(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Page<CalendarEntry> {
    _ = try await access.caller(context, to: .readSettings)
    let calendars = try await store.cache.current().calendars
    return Page(items: calendars.values.sorted { $0.id < $1.id }, next: nil)
  }

  @Sendable private func readCalendar(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    _ = try await access.caller(context, to: .readSettings)
    guard let entry = try await store.cache.current().calendars[try id(context, CalendarEntry.self)]
    else { throw Self.unknown(CalendarEntry.self) }
    return endpoint.response(try Self.shown(entry))
  }

  @Sendable private func putCalendar(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await put(request, context, "calendars") { (body: WorkingCalendar, id, now, actor) in
      CalendarEntry(id: id, calendar: body, changedAt: now, changedBy: actor)
    }
  }

  // MARK: Exchange rates

  @Sendable private func putRates(
    _ request: Request, _ context: ServiceRequestContext
  ) async throws -> Response {
    try await put(request, context, "exchange-rates") {
      (body: ExchangeRatesRequest, id, now, actor) in
      guard let date = CalendarDay(id) else {
        throw Problem.invalidEntry([
          .invalid(
            "/date", "invalid-date", zh: "须为 yyyy-MM-dd 格式的日期，例如 2026-11-30",
            en: "must be a date yyyy-MM-dd such as 2026-11-30")
        ])
      }
      return ExchangeRatesEntry(
        date: date, base: body.base, rates: body.rates, changedAt: now, changedBy: actor)
    }
  }
}
