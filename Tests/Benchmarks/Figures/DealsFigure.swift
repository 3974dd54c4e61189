import Foundation
import LocalServers
import TestSupport

/// What lists, searches and moves cost in an organisation a hundred times as large as another. Both
/// are asked in turns, so that the machine's moods meet both.
struct DealsFigure {
  private static let repetitions = 200
  private static let patience: Duration = .seconds(15)
  private static let aim = "2 times the floor at most"

  let bench: Bench

  func measure() async throws {
    let (few, many) = (max(1_000, bench.count(10_000)), max(1_000, bench.count(1_000_000)))
    try await Cluster.lend([.stageService]) { small in
      try await Cluster.lend([.stageService]) { large in
        announce("  filling the tables of \(few) and of \(many) deals")
        let (few, many) = (
          try await StoredDeals.fill(few, in: small), try await StoredDeals.fill(many, in: large)
        )
        let (small, large) = (try await Organisation(few), try await Organisation(many))
        for question in DealsFigure.questions {
          try compare("deals.\(question.name)", small, large) { organisation, _ in
            let path = question.path(organisation.deals)
            let answer = try organisation.connection(question.who).get(path)
            try check(answer.status == 200, "\(path) answered \(answer.status)")
          }
        }
        try compare("deals.move", small, large) { organisation, turn in
          let id = organisation.deals.movable[turn]
          let answer = try organisation.connection(.admin).post(
            "/v1/opportunities/\(id)/moves", #"{"to":"needs-analysis"}"#)
          try check(answer.status == 200, "a move answered \(answer.status)")
        }
      }
    }
  }

  /// Milliseconds of each answer of both, after one that does not count.
  private func compare(
    _ name: String, _ small: Organisation, _ large: Organisation,
    _ ask: (Organisation, _ turn: Int) throws -> Void
  ) throws {
    let clock = ContinuousClock()
    func time(_ organisation: Organisation, _ turn: Int) throws -> Double {
      let start = clock.now
      try ask(organisation, turn)
      return (clock.now - start) / .milliseconds(1)
    }
    var samples: (small: [Double], large: [Double]) = ([], [])
    let begin = clock.now
    let turns = min(DealsFigure.repetitions, small.deals.movable.count, large.deals.movable.count)
    for turn in 0..<turns where turn < 3 || clock.now - begin < DealsFigure.patience {
      let (few, many) = (try time(small, turn), try time(large, turn))
      guard turn > 0 else { continue }
      samples.small.append(few)
      samples.large.append(many)
    }
    let (few, many) = (Percentiles(samples.small), Percentiles(samples.large))
    for part in [0.5, 0.95] {
      bench.report.add(
        Figure(
          "\(name).p\(Int(part * 100))", many.at(part), "ms",
          floor: .init(name: "\(small.deals.count) deals", value: few.at(part)),
          aim: DealsFigure.aim,
          parameters: ["deals": Double(large.deals.count)]))
    }
  }

  private struct Question: Sendable {
    var name: String
    var who = Asker.admin
    var path: @Sendable (StoredDeals) -> String

    init(_ name: String, as who: Asker = .admin, _ query: String) {
      self.init(name, as: who) { _ in query }
    }

    init(
      _ name: String, as who: Asker = .admin, _ query: @escaping @Sendable (StoredDeals) -> String
    ) {
      self.name = name
      self.who = who
      path = { "/v1/opportunities?\(query($0))" }
    }
  }

  private static let board = "pipeline=general&team=\(StoredDeals.team)&stage=proposal"

  private static let questions =
    [
      Question("list", "pipeline=general"),
      Question("list.later") { "pipeline=general&cursor=\($0.middle)" },
      Question("list.open", "pipeline=general&status=open"),
      Question("list.stage", "pipeline=general&stage=proposal"),
      Question("list.owner", "owner=\(StoredDeals.person)"),
      Question("list.rep", as: .rep, "pipeline=general"),
      Question("list.lead", as: .lead, "pipeline=general"),
      Question("board", board),
      Question("board.lead", as: .lead, board),
    ] + searches("common", StoredDeals.commonWords) + searches("medium", StoredDeals.mediumWords)
    + searches("rare", StoredDeals.rareWords) + [
      Question("search.number", "q=\(StoredDeals.accountNumber)"),
      Question("search.none", "q=xyzzy"),
    ]

  /// Among all deals in both languages, and among those of a team, of a rep and of a lead in Chinese.
  private static func searches(_ frequency: String, _ words: [String]) -> [Question] {
    let queries = words.map { word in
      "q=\(word.addingPercentEncoding(withAllowedCharacters: .urlQueryAllowed) ?? word)"
    }
    return [
      Question("search.\(frequency).zh", queries[0]),
      Question("search.\(frequency).en", queries[1]),
      Question("search.\(frequency).team", "team=\(StoredDeals.team)&\(queries[0])"),
      Question("search.\(frequency).rep", as: .rep, queries[0]),
      Question("search.\(frequency).lead", as: .lead, queries[0]),
    ]
  }
}

private enum Asker: String, CaseIterable { case admin, rep, lead }

/// One size, and connections of those who ask.
private final class Organisation {
  let deals: StoredDeals
  private let connections: [Asker: HTTPConnection]

  init(_ deals: StoredDeals) async throws {
    self.deals = deals
    let cluster = deals.cluster
    var connections: [Asker: HTTPConnection] = [:]
    for (who, role, subject) in [
      (Asker.rep, "rep", StoredDeals.person), (.lead, "manager", StoredDeals.lead),
    ] {
      let token = try await cluster.sluice("token", "--role", role, "--subject", subject)
      try token.expect(.exited(0))
      connections[who] = try HTTPConnection(
        cluster.stageServices[0].url,
        token: token.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }
    connections[.admin] = try HTTPConnection(cluster.stageServices[0].url, token: cluster.token)
    self.connections = connections
  }

  func connection(_ who: Asker) throws -> HTTPConnection {
    guard let connection = connections[who] else { throw CheckFailure("nobody is \(who)") }
    return connection
  }
}
