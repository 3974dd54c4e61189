import Contracts

extension RunFile {
  /// What the person who started it wants to know, at the end of `up`.
  func summary(bin: String, runFile: String, logs: String, demo: Bool) -> String {
    let services = ServiceDescription.all.compactMap { service in
      self.services[service.key].map { (service.name, $0) }
    }
    var lines = ["", "Sluice is ready.", ""]
    for (name, service) in services {
      lines.append("  \(column(name))\(service.url)   health and metrics \(service.adminUrl)")
    }
    lines += [
      "  \(column("PostgreSQL"))\(postgres.url)",
      "  \(column("Kafka"))\(kafka.bootstrapServers) (\(kafka.kind))",
      "  \(column("all of this"))\(runFile)",
      "", "A token for each role (30 days):", "",
    ]
    for (role, token) in tokens.sorted(by: { $0.key < $1.key }) {
      lines.append("  \(column(role))\(token)")
    }
    lines += ["", "What to try next:", ""]
    lines += preparations(bin: bin, runFile: runFile).map { "  \($0)" }
    lines += (demo ? demoExamples(logs: logs) : examples()).map { "  \($0)" }
    lines += ["", "Stop everything with deploy/local/down", ""]
    return lines.joined(separator: "\n")
  }

  private func preparations(bin: String, runFile: String) -> [String] {
    [
      "export PATH=\"\(bin):$PATH\"",
      "TOKEN=$(sed -n 's/.*\"admin\" : \"\\(.*\\)\".*/\\1/p' \(runFile))",
      "",
    ]
  }

  /// Without a demo there is nothing yet to look at.
  private func examples() -> [String] {
    let stageService = services["stageService"]?.url ?? ""
    return [
      "curl -s -H \"Authorization: Bearer $TOKEN\" '\(stageService)/v1/templates'",
      "sluice import --mapping salesforce-history "
        + "--history HISTORY.csv --opportunities OPPORTUNITIES.csv",
      "sluice load demo",
      "sluice lag --watch",
      "sluice verify",
    ]
  }

  /// Five commands, each of which shows something.
  private func demoExamples(logs: String) -> [String] {
    let day = Instant.now().description.prefix(10)
    let ingest = services["activityIngest"]?.url ?? ""
    let stageService = services["stageService"]?.url ?? ""
    return [
      "1. A customer confirms a quote by mail, and the deal advances:",
      "   curl -s \(ingest)/v1/activities -H \"Authorization: Bearer $TOKEN\" \\",
      "     -H 'Content-Type: application/cloudevents+json' -d '{\"specversion\":\"1.0\",\"id\":\"mail-1\",",
      "     \"source\":\"/me\",\"type\":\"sluice.activity-observed.v1\",\"data\":{\"kind\":\"email\",",
      "     \"externalId\":\"demo:\(day)-try-me\",\"text\":\"报价我们确认了，按这个走\"}}'",
      "2. The webhooks that went out, that move's among them:",
      "   tail -n 5 \(logs)/webhooks.log",
      "3. Proposals with the words that made them, and what became of them:",
      "   curl -s -H \"Authorization: Bearer $TOKEN\" '\(ingest)/v1/proposals'",
      "4. The message that nobody can read, and why:",
      "   sluice dead-letters list",
      "5. The funnel, and whether every figure is right:",
      "   sluice report funnel --pipeline general && sluice verify",
      "",
      "More: sluice lag --watch, sluice --help, \(stageService)/v1/opportunities?limit=3, README.md",
    ]
  }

  private func column(_ text: String) -> String {
    text + String(repeating: " ", count: max(1, 17 - text.count))
  }
}
