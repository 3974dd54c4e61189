import Contracts
import Hummingbird
import ServiceKit
import ServiceWiring

extension FunnelQuestion {
  /// Reads the query parameters that all figures have; what is wrong with them is left in the reader.
  ///
  /// - Parameters:
  ///   - scope: the deals that the reader may see.
  ///   - pipelines: the keys of all pipelines, asked for where none is named: the only one there is
  ///     needs no naming.
  init(
    _ request: Request, in scope: DealScope?, _ reader: inout QueryReader,
    pipelines: () async throws -> [String]
  ) async throws {
    var pipeline = reader.string("pipeline")
    let team = reader.string("team")
    let owner = reader.string("owner")
    let product = reader.string("product")
    let industry = reader.string("industry")
    let currency = reader.string("currency")
    let from = reader.instant("from")
    let to = reader.instant("to")
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
    if let from, let to, to <= from {
      reader.refuse("to", zh: "必须晚于 from", en: "must be later than from")
    }
    self.init(
      pipeline: pipeline ?? "", team: team, owner: owner, product: product, industry: industry,
      currency: currency, from: from, to: to, asOf: asOf, knownAt: knownAt, scope: scope)
  }
}
