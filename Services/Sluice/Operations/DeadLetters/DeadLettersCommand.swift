import ArgumentParser
import Contracts
import Kafka

struct DeadLettersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dead-letters",
    abstract: "Shows messages that could not be processed, and sends them again.",
    discussion: "Example: sluice dead-letters list --group forecasting --since 24h",
    subcommands: [List.self, Show.self, Again.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the dead letters, the newest last.",
      discussion: """
        A letter is named by where it lies on dead-letters.v1, as partition:offset. What was \
        re-driven is marked and stays in the list until its retention is over.

        Examples:
          sluice dead-letters list
          sluice dead-letters list --group stage-service --reason invalid-data --since 24h
          sluice dead-letters list --waiting --format json
        """)

    @OptionGroup var filter: DeadLetterFilter

    @Flag(help: "Only those that have not been re-driven.")
    var waiting = false

    @Option(help: ArgumentHelp("At most so many, the newest.", valueName: "n"))
    var limit = 50

    @OptionGroup var output: FormatOption

    func validate() throws {
      guard limit > 0 else { throw ValidationError("--limit is \(limit); it must be at least 1") }
    }

    func run() async throws {
      let context = try OperatorContext.load()
      let criteria = filter.criteria(topicPrefix: try context.topicPrefix, now: .now())
      let box = try await DeadLetterLog(context).box()
      let list = DeadLetterList(box, criteria, onlyWaiting: waiting, limit: limit)
      try output.show(list) { list.text() }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows one dead letter whole: reason, origin, headers, key and value.",
      discussion: """
        The value is shown as text where it is text, else in hexadecimal. --value-only writes its \
        bytes as they are, to be mended in an editor and given to redrive --value-file.

        Examples:
          sluice dead-letters show 0:17
          sluice dead-letters show 0:17 --value-only > value.json
        """)

    @Argument(help: ArgumentHelp("Which one.", valueName: "partition:offset"))
    var position: LetterPosition

    @Flag(help: "Write the bytes of the value and nothing else.")
    var valueOnly = false

    @OptionGroup var output: FormatOption

    func run() async throws {
      let log = try DeadLetterLog(try OperatorContext.load())
      let letter = try await log.box().letter(at: position)
      let message = try await log.message(at: letter.position)
      if valueOnly {
        guard let value = message.value else {
          throw OperatorFailure.usage("\(position) is a tombstone: it has no value")
        }
        Console.writeBytes(value)
        return
      }
      let whole = WholeLetter(letter, message)
      try output.show(whole) { whole.text() }
    }
  }
}
