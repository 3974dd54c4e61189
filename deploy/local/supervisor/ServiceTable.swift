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
    ServiceDescription(
      name: "activity-ingest", key: "activityIngest", databaseRole: "activity_ingest"),
    ServiceDescription(name: "forecasting", key: "forecasting", databaseRole: "forecasting"),
    ServiceDescription(name: "notifier", key: "notifier", databaseRole: "notifier"),
  ]
}
