/// A topic and the settings it is created with.
package struct Topic: Hashable, Sendable {
  /// Without the installation's prefix.
  package let name: String
  package let purpose: String
  package let partitions: Int
  /// `cleanup.policy` is `compact`; otherwise `delete`.
  package let isCompacted: Bool
  /// `retention.ms`; nil keeps everything.
  package let retentionMilliseconds: Int64?

  /// The name on the cluster.
  package func name(prefix: String) -> String { prefix + name }

  private static let week: Int64 = 7 * 86_400_000

  private init(
    _ name: String, _ purpose: String, partitions: Int = 12, compacted: Bool = false,
    retention: Int64? = nil
  ) {
    self.name = name
    self.purpose = purpose
    self.partitions = partitions
    self.isCompacted = compacted
    self.retentionMilliseconds = retention
  }

  package static let activities = Topic(
    "activities.v1", "activities of any publisher", retention: 4 * week)
  package static let stageCommands = Topic(
    "stage-commands.v1", "commands of activity-ingest and other services", retention: 4 * week)
  package static let importCommands = Topic(
    "import-commands.v1", "historical commands of `sluice import`", retention: 4 * week)
  package static let commandResults = Topic(
    "command-results.v1", "what became of each command", retention: week)
  package static let stageChanges = Topic(
    "stage-changes.v1", "every event of every opportunity, in order")
  package static let pipelines = Topic(
    "pipelines.v1", "published pipeline versions", partitions: 1, compacted: true)
  package static let directory = Topic(
    "directory.v1", "service accounts, people, teams, calendars, exchange rates", partitions: 1,
    compacted: true)
  package static let notices = Topic(
    "notices.v1", "what a person must hear of", retention: 4 * week)
  package static let deadLetters = Topic(
    "dead-letters.v1", "messages that could not be processed", partitions: 3,
    retention: 13 * week)
  package static let audit = Topic("audit.v1", "administrative actions", partitions: 1)

  /// Holds old events for one rebuild, written from the history; made and deleted by the operator.
  package static func stageChangesReplay(_ id: String) -> Topic {
    Topic("stage-changes-replay-\(id).v1", "the history once more, for one rebuild")
  }

  package static let all: [Topic] = [
    activities, stageCommands, importCommands, commandResults, stageChanges, pipelines, directory,
    notices, deadLetters, audit,
  ]
}
