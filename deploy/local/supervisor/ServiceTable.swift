/// A service that the supervisor runs.
struct ServiceDescription: Sendable {
  /// The name of the executable, and of its log file.
  let name: String
  /// Its member of run.json.
  let key: String
  /// Its role in PostgreSQL.
  let databaseRole: String

  /// Every service; a new one is a new line.
  static let all = [
    ServiceDescription(
      name: "stage-service", key: "stageService", databaseRole: "stage_service"),
    ServiceDescription(name: "forecasting", key: "forecasting", databaseRole: "forecasting"),
  ]
}

/// The topics of one installation, without their prefix; as `sluice topics ensure` makes them.
let topicNames = [
  "activities.v1", "stage-commands.v1", "import-commands.v1", "command-results.v1",
  "stage-changes.v1", "pipelines.v1", "directory.v1", "notices.v1", "dead-letters.v1", "audit.v1",
]
