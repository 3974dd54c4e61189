extension RunFile {
  /// What the person who started it wants to know, at the end of `up`.
  func summary(bin: String, runFile: String) -> String {
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
    lines += examples(bin: bin, runFile: runFile).map { "  \($0)" }
    lines += ["", "Stop everything with deploy/local/down", ""]
    return lines.joined(separator: "\n")
  }

  private func examples(bin: String, runFile: String) -> [String] {
    var lines = [
      "export PATH=\"\(bin):$PATH\"",
      "TOKEN=$(sed -n 's/.*\"admin\" : \"\\(.*\\)\".*/\\1/p' \(runFile))",
    ]
    if let url = services["stageService"]?.url {
      lines += [
        "curl -s -H \"Authorization: Bearer $TOKEN\" '\(url)/v1/pipelines'",
        "curl -s -H \"Authorization: Bearer $TOKEN\" '\(url)/v1/opportunities?limit=3'",
      ]
    }
    return lines + [
      "sluice lag",
      "sluice report funnel",
      "sluice verify",
      "sluice import --mapping salesforce-history "
        + "--history HISTORY.csv --opportunities OPPORTUNITIES.csv",
    ]
  }

  private func column(_ text: String) -> String {
    text + String(repeating: " ", count: max(1, 15 - text.count))
  }
}
