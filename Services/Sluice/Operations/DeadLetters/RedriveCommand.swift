import ArgumentParser
import Contracts
import Foundation
import Kafka

extension DeadLettersCommand {
  struct Again: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "redrive",
      abstract: "Sends dead letters again to the topic that they came from.",
      discussion: """
        The original key, value and headers go out again, with sluice_redriven_from and \
        sluice_redrive_count beside them, and are reported once the broker has acknowledged them. \
        That is noted on dead-letters.v1, so that list marks the letter and --all leaves it out the \
        next time. A re-drive that is killed in between sends one or the other a second time, \
        under the same event id.

        ALL groups that read the topic get the message again, not only the one that buried it. Those \
        that have processed it drop it by its id. A message that still cannot be processed becomes \
        a new dead letter, which knows how often it was re-driven.

        --value-file and --header mend one message: another value, other headers. The event keeps \
        its id unless you give it another with --header ce_id=….

        Examples:
          sluice dead-letters redrive 0:17 2:4
          sluice dead-letters redrive --all --group stage-service --reason unprocessable --dry-run
          sluice dead-letters redrive 0:17 --value-file value.json

        Exit codes: 0 all were sent, 1 the broker will never take some of them, 2 wrong usage, 3 \
        Kafka cannot be reached or did not acknowledge all.
        """)

    @Argument(help: ArgumentHelp("Which ones.", valueName: "partition:offset"))
    var positions: [LetterPosition] = []

    @Flag(help: "All that match the filter and have not been re-driven.")
    var all = false

    @OptionGroup var filter: DeadLetterFilter

    @Option(help: ArgumentHelp("Another topic, with or without the prefix.", valueName: "topic"))
    var to: String?

    @Option(help: ArgumentHelp("Send the bytes of this file as the value.", valueName: "file"))
    var valueFile: String?

    @Option(
      help: ArgumentHelp("Send this header instead of the original one.", valueName: "name=value"))
    var header: [String] = []

    @Flag(help: "Show what would be sent, send nothing.")
    var dryRun = false

    @OptionGroup var output: FormatOption

    func validate() throws {
      guard all != !positions.isEmpty else {
        throw ValidationError(
          all
            ? "--all and single letters exclude each other"
            : "name letters as partition:offset, such as 0:17, or use --all")
      }
      if !all, !filter.isEmpty {
        throw ValidationError("--group, --topic, --reason and --since choose only with --all")
      }
      if valueFile != nil || !header.isEmpty, positions.count != 1 {
        throw ValidationError("--value-file and --header mend one letter; name one")
      }
      for text in header where Again.parse(text) == nil {
        throw ValidationError("--header is \(text); it must be name=value")
      }
    }

    func run() async throws {
      let context = try OperatorContext.load()
      let prefix = try context.topicPrefix
      let log = try DeadLetterLog(context)
      let value = try valueFile.map(Again.read)
      let topics = try await context.withKafkaAdmin { Set(try await $0.metadata().keys) }
      let request = RedriveRequest(
        choice: all
          ? .all(filter.criteria(topicPrefix: prefix, now: .now())) : .positions(positions),
        topic: to.map { topics.contains($0) ? $0 : prefix + $0 }, value: value,
        headers: header.compactMap(Again.parse), isDryRun: dryRun)
      // Somebody waits at a terminal; the producer's own five minutes are too long for that.
      var configuration = try context.kafkaConfiguration()
      configuration.overrides.merge(["message.timeout.ms": "60000"]) { given, _ in given }
      let producer = try KafkaProducer(configuration, logger: context.logger)
      let report: RedriveReport
      do {
        report = try await Redrive(log: log) { await producer.send($0) }
          .run(request, topics: topics)
      } catch {
        await producer.close(within: .seconds(5))
        throw error
      }
      await producer.close(within: .seconds(5))
      try output.show(report) { report.text() }
      if report.status != .well { throw report.status }
    }

    private static func parse(_ text: String) -> (name: String, value: String)? {
      guard let equals = text.firstIndex(of: "="), equals > text.startIndex else { return nil }
      return (String(text[..<equals]), String(text[text.index(after: equals)...]))
    }

    private static func read(_ path: String) throws -> [UInt8] {
      do {
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        guard !bytes.isEmpty else {
          throw OperatorFailure.usage("\(path) is empty; a value has at least one byte")
        }
        return bytes
      } catch let failure as OperatorFailure {
        throw failure
      } catch {
        throw OperatorFailure.usage("\(path) cannot be read: \(error.localizedDescription)")
      }
    }
  }
}
