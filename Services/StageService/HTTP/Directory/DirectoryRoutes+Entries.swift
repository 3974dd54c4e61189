import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Messaging
import ServiceKit
import ServiceWiring

// What the routes of all kinds of entries have in common.
extension DirectoryRoutes {
  typealias Handler<Output> =
    @Sendable (Request, ServiceRequestContext) async throws -> Output

  func list<Entry: DirectoryRecord>(_: Entry.Type) -> Handler<Page<Entry>> {
    { request, context in
      _ = try await access.caller(context, to: .readSettings)
      var query = QueryReader(request)
      let after = query.string("cursor")
      let limit = query.int("limit", in: 1...500, default: 100)
      try query.finish()
      let entries = try await store.list(Entry.self, after: after, limit: limit + 1)
      let page = Array(entries.prefix(limit))
      return Page(items: page, next: entries.count > limit ? page.last?.id : nil)
    }
  }

  func read<Entry: DirectoryRecord>(_: Entry.Type) -> Handler<Response> {
    { _, context in
      _ = try await access.caller(context, to: .readSettings)
      guard let entry = try await store.find(Entry.self, try id(context, Entry.self)) else {
        throw Self.unknown(Entry.self)
      }
      return endpoint.response(try Self.shown(entry))
    }
  }

  /// - Parameter entry: makes the entry out of the body, the id of the path, the time and the caller.
  func put<Body: Decodable & Sendable, Entry: DirectoryRecord>(
    _ request: Request, _ context: ServiceRequestContext, _ folder: String,
    _ entry: (Body, String, Instant, String) throws -> Entry
  ) async throws -> Response {
    try await change(request, context, folder) { caller, request, keeping in
      let expected = try EntityTag.ifMatch(request)
      let body = try await request.decode(as: Body.self, context: context)
      return try await store.put(
        try entry(body, pathID(context), .now(), caller.subject), expected: expected,
        keeping: keeping)
    }
  }

  /// Carries a change out and answers what became of it.
  func change<Entry: DirectoryRecord>(
    _ request: Request, _ context: ServiceRequestContext, _ folder: String,
    _ change: (Caller, Request, @escaping Keeping<DirectoryStore.Outcome<Entry>>) async throws ->
      DirectoryStore.Outcome<Entry>
  ) async throws -> Response {
    let caller = try await access.caller(context, to: .changeSettings)
    return try await endpoint.once(request, context, by: caller) {
      try Self.answer($0, folder)
    } change: { request, keeping in
      let outcome = try await change(caller, request, keeping)
      switch outcome {
      case .created(let entry), .changed(let entry): note(entry, context)
      default: break
      }
      return outcome
    }
  }

  private static func answer<Entry: DirectoryRecord>(
    _ outcome: DirectoryStore.Outcome<Entry>, _ folder: String
  ) throws -> CommandEndpoint.Answer {
    switch outcome {
    case .created(let entry):
      let id = entry.id.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? entry.id
      return try shown(entry, status: .created, location: "/v1/\(folder)/\(id)")
    case .changed(let entry), .unchanged(let entry):
      return try shown(entry)
    case .stale(let current):
      var problem = Problem.preconditionFailed(current: EntityTag.text(current?.version ?? 0))
      if let current { problem.extensions["current"] = current }
      throw problem
    case .refused(let failures):
      throw Problem.invalidEntry(failures)
    case .ownsDeals(let count):
      var problem = Problem.conflict(
        code: "owns-open-deals", title: "The person still owns open deals",
        detail:
          "\(count) open deals belong to the person; give them to somebody else with reassignTo")
      problem.extensions["openDeals"] = count
      throw problem
    case .notFound:
      throw unknown(Entry.self)
    }
  }

  private func note(_ entry: some DirectoryRecord, _ context: ServiceRequestContext) {
    committed.wake()
    context.logger.notice(
      "directory changed",
      metadata: ["entry": "\(entry.messageID)", "by": "\(entry.changedBy)"])
  }

  static func shown(
    _ entry: some DirectoryRecord, status: HTTPResponse.Status = .ok, location: String? = nil
  ) throws -> CommandEndpoint.Answer {
    CommandEndpoint.Answer(
      status: status, body: try JSONCoding.encode(entry), location: location,
      etag: EntityTag.text(entry.version))
  }

  /// The id of the path; 404 for what can be none.
  func id<Entry: DirectoryRecord>(
    _ context: ServiceRequestContext, _: Entry.Type
  ) throws -> String {
    let id = pathID(context)
    guard DirectoryID.isValid(id) else { throw Self.unknown(Entry.self) }
    return id
  }

  private func pathID(_ context: ServiceRequestContext) -> String {
    let raw = context.parameters.get("id") ?? ""
    return raw.removingPercentEncoding ?? raw
  }

  static func unknown<Entry: DirectoryRecord>(_: Entry.Type) -> Problem {
    .notFound("the directory has no entry \(Entry.kind) of this id")
  }
}

extension Problem {
  static func invalidEntry(_ failures: [GateFailure]) -> Problem {
    Problem(
      .unprocessableContent, code: "invalid-entry", title: "The entry is not usable",
      errors: failures.map(ProblemError.init))
  }
}
