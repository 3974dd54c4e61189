import Foundation
import LocalServers
import Statistics
import TestSupport
import Testing

/// What lifelines and scipy of PyPI say of questions; `Tests/Fixtures/statistics/reference.py` asks
/// them in one go.
struct Reference: Decodable {
  struct Questions: Encodable {
    var survival: [SurvivalQuestion]
    var shares: [Double]
    var points: [Double]
    var degrees: [Double]
    /// a, b and a share.
    var betas: [[Double]]
    /// A count and a total.
    var proportions: [[Int]]
    /// Values before and after.
    var pairs: [[[Double]]]
    var amounts: [Int64]
  }

  struct SurvivalQuestion: Encodable {
    var durations: [Double]
    var ended: [Int]
    /// Nil when all were observed from their beginning.
    var entries: [Double]?
    var counts: [Int]
    /// Of the restricted mean.
    var horizon: Double

    init(_ spells: [Spell], horizon: Double) {
      durations = spells.map(\.duration)
      ended = spells.map { $0.outcome == nil ? 0 : 1 }
      entries = spells.contains { $0.entry > 0 } ? spells.map(\.entry) : nil
      counts = spells.map(\.count)
      self.horizon = horizon
    }
  }

  struct Survival: Decodable {
    /// Why lifelines gives no answer.
    var refused: String?
    var times: [Double]?
    var survival: [Double]?
    var low: [Double]?
    var high: [Double]?
    /// Nil where lifelines says infinity.
    var quartiles: [Double?]?
    var quartileLows: [Double?]?
    var quartileHighs: [Double?]?
    var isMonotone: Bool?
    var restrictedMean: Double?
  }

  var survival: [Survival]
  var normal: [Double]
  var normalShares: [Double]
  var student: [Double]
  var betaQuantiles: [Double]
  var betaShares: [Double]
  var wilson: [[Double]]
  var welch: [[Double]]
  var quantiles: [Double]

  static func answers(to questions: Questions) async throws -> Reference {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "sluice-statistics-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (asked, answered) = (folder.appending(path: "asked"), folder.appending(path: "answered"))
    try JSONEncoder().encode(questions).write(to: asked)
    try await Tool.run(
      try #require(TestPython.path), [script, asked.path, answered.path])
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: answered))
  }

  private static let script = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().appending(path: "../../Fixtures/statistics/reference.py")
    .standardizedFileURL.path
}
