import Contracts
import Hummingbird
import ServiceKit
import ServiceWiring

extension FunnelQuestion {
  /// Reads the query parameters; 400 with all that is wrong with them.
  ///
  /// - Parameters:
  ///   - scope: the deals that the reader may see.
  ///   - pipelines: the keys of all pipelines, asked for where none is named: the only one there is
  ///     needs no naming.
  init(
    _ request: Request, in scope: DealScope?, pipelines: () async throws -> [String]
  ) async throws {
    var reader = QueryReader(request)
    var pipeline = reader.string("pipeline")
    let team = reader.string("team")
    let owner = reader.string("owner")
    let asOf = reader.instant("asOf")
    let knownAt = reader.instant("knownAt")
    let isNamed = request.uri.queryParameters["pipeline"].map { !$0.isEmpty } ?? false
    if pipeline == nil, !isNamed {
      let known = try await pipelines()
      if known.count == 1 {
        pipeline = known[0]
      } else {
        let list = known.joined(separator: ", ")
        reader.refuse(
          "pipeline",
          zh: known.isEmpty ? "必填；尚未发布任何销售流程" : "必填；可选：\(list)",
          en: known.isEmpty
            ? "is required; no pipeline has been published yet" : "is required; there are: \(list)")
      }
    }
    try reader.finish()
    self.init(
      pipeline: pipeline ?? "", team: team, owner: owner, asOf: asOf, knownAt: knownAt,
      scope: scope)
  }
}
