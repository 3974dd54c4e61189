import Contracts
import Hummingbird
import ServiceKit

/// Definitions as they come in: JSON, or YAML where the content type says so.
extension Request {
  func definition(_ context: ServiceRequestContext) async throws -> PipelineDefinition {
    guard let type = headers[.contentType], DefinitionYAML.isYAML(type) else {
      return try await decode(as: PipelineDefinition.self, context: context)
    }
    let buffer = try await body.collect(upTo: context.maxUploadSize)
    let json = try DefinitionYAML.json(Array(buffer.readableBytesView))
    return try RequestBodyDecoder.decode(
      PipelineDefinition.self, from: try JSONCoding.encode(json))
  }
}
