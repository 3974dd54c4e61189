import Foundation

/// `.local/run.json`: where everything is, for the command line and for other people's programs.
struct RunFile: Encodable, Equatable {
  struct Service: Encodable, Equatable {
    var url: String
    var adminUrl: String
    var pid: Int32
    var logPath: String
  }

  struct Kafka: Encodable, Equatable {
    var bootstrapServers: String
    var kind: String
    /// Absent for a broker that others run.
    var pid: Int32?
  }

  struct Postgres: Encodable, Equatable {
    var url: String
    var pid: Int32
  }

  struct Operator: Encodable, Equatable {
    var databaseUrl: String
    var jwtKeyFile: String
  }

  struct Supervisor: Encodable, Equatable {
    var pid: Int32
  }

  /// By the key in the file.
  var services: [String: Service]
  var kafka: Kafka
  var postgres: Postgres
  var webUrl: String?
  /// By role.
  var tokens: [String: String]
  var `operator`: Operator
  var supervisor: Supervisor

  func encode(to encoder: any Encoder) throws {
    var members = encoder.container(keyedBy: Member.self)
    for (key, service) in services { try members.encode(service, forKey: Member(key)) }
    try members.encode(kafka, forKey: "kafka")
    try members.encode(postgres, forKey: "postgres")
    try members.encodeIfPresent(webUrl, forKey: "webUrl")
    try members.encode(tokens, forKey: "tokens")
    try members.encode(`operator`, forKey: "operator")
    try members.encode(supervisor, forKey: "supervisor")
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  private struct Member: CodingKey, ExpressibleByStringLiteral {
    let stringValue: String
    var intValue: Int? { nil }
    init(_ name: String) { stringValue = name }
    init(stringLiteral name: String) { stringValue = name }
    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
