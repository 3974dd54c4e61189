import Contracts

/// A pipeline as `POST /v1/pipelines` takes it.
struct PipelineRequest: Encodable, Sendable {
  var key: String
  var definition: PipelineDefinition
}

/// Puts historical deals into an installation: first their pipelines, then their commands.
struct CommandLoader: Sendable {
  let service: ServiceClient
  let delivery: CommandDelivery

  func load(
    pipelines: [PipelineRequest], commands: [StageCommand], title: String
  ) async throws -> DeliveryOutcome {
    for pipeline in pipelines { try await publish(pipeline) }
    var bar = ProgressBar(title, total: commands.count)
    defer { bar.finish() }
    return try await delivery.deliver(commands) { bar.update($0) }
  }

  /// Publishing the same definition again changes nothing.
  private func publish(_ pipeline: PipelineRequest) async throws {
    do {
      _ = try await service.post("/v1/pipelines", pipeline)
    } catch let refusal as ServiceRefusal where refusal.httpStatus == 409 {
      throw OperatorFailure.usage(
        "there is a pipeline \(pipeline.key) already, with other stages; give the mapping another "
          + "pipeline key, or the stages that GET /v1/pipelines/\(pipeline.key) shows")
    }
  }
}

extension CommandLoader {
  /// - Parameter source: the CloudEvents source of the commands.
  init(_ context: OperatorContext, source: String) throws {
    service = try context.stageService()
    delivery = CommandDelivery(channel: try KafkaCommandChannel(context, source: source))
  }
}
