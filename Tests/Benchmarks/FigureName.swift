import ArgumentParser

/// The figures, in the order in which they are measured.
enum FigureName: String, CaseIterable, ExpressibleByArgument, Sendable {
  case projector, moves, visibility, relay, `import`, queries, deals, activities, peers, growth

  var title: String {
    switch self {
    case .projector: "a backlog of stage changes to committed projections"
    case .moves: "durable moves over HTTP"
    case .visibility: "from an accepted move to the funnel that shows it"
    case .relay: "outbox rows to acknowledged messages"
    case .import: "an export of another system through the front door"
    case .queries: "funnel and lists over a million deals"
    case .deals: "lists, searches, boards and moves at 10,000 and at a million deals"
    case .activities: "activities through matching and rules"
    case .peers: "other consumers doing the projector's work"
    case .growth: "projector and moves as the stored events grow"
    }
  }

  /// The embedded broker keeps 100,000 messages and 5 MiB of a partition.
  var needsRealKafka: Bool {
    switch self {
    case .projector, .relay, .import, .activities, .peers, .growth: true
    case .moves, .visibility, .queries, .deals: false
    }
  }

  /// The growth to ten million events takes too long for every run.
  var isOfUsualRun: Bool { self != .growth }

  func measure(_ bench: Bench) async throws {
    switch self {
    case .projector: try await ProjectorFigure(bench: bench).measure()
    case .moves: try await MovesFigure(bench: bench).measure()
    case .visibility: try await VisibilityFigure(bench: bench).measure()
    case .relay: try await RelayFigure(bench: bench).measure()
    case .import: try await ImportFigure(bench: bench).measure()
    case .queries: try await QueriesFigure(bench: bench).measure()
    case .deals: try await DealsFigure(bench: bench).measure()
    case .activities: try await ActivitiesFigure(bench: bench).measure()
    case .peers: try await PeersFigure(bench: bench).measure()
    case .growth: try await GrowthFigure(bench: bench).measure()
    }
  }
}
