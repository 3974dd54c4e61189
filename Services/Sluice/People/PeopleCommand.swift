import ArgumentParser

struct PeopleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "people", abstract: "Keeps the people who work with the deals.",
    discussion: "Example: sluice people import people.csv --dry-run",
    subcommands: [Import.self])

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Takes people over from a CSV file, one per row.",
      discussion: """
        The header names the columns: id and name, and any of email, team, manager, roles, timeZone \
        and language. The id is the sub of the person's tokens and the owner of deals; manager is \
        the id of another person; roles are separated by semicolons. What the file has no column \
        for stays as it is; an empty cell clears. A team that is not there yet is made.

        Every row is checked before anything is written, and every bad one is shown with its line \
        and the reason. Running the same import again changes nothing.

        Examples:
          sluice people import people.csv --dry-run
          sluice people import people.csv
        """)

    @Argument(help: ArgumentHelp("The CSV file, in UTF-8.", valueName: "file"))
    var file: String

    @Flag(help: "Check everything, show what would be done, write nothing.")
    var dryRun = false

    @OptionGroup var output: FormatOption

    func run() async throws {
      let service = try OperatorContext.load().stageService()
      let report = try await PeopleImport(directory: service).run(file: file, isDryRun: dryRun)
      try output.show(report) { report.text() }
      if report.isBlocked {
        throw OperatorFailure.differences("\(report.badRows) bad rows; nothing was written")
      }
      if !report.errors.isEmpty { throw ExitStatus.differences }
    }
  }
}
