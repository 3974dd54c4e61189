import ArgumentParser
import ServiceKit

extension Role: ExpressibleByArgument {}

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token",
    abstract: "Signs a bearer token with the shared key of the installation.",
    discussion: """
      For installations with a shared key (SLUICE_JWT_KEY_FILE); where an identity provider signs \
      the tokens (SLUICE_JWKS_URL), get one there. Issuer and audience are those of SLUICE_ISSUER \
      and SLUICE_AUDIENCE, which the services check. Whoever holds the token may do what its roles \
      may until it expires.

      Examples:
        sluice token --role manager --subject ann --days 7
        sluice token --role rep --role viewer --subject bob
        sluice token --create-key --key-file /etc/sluice/jwt.key
      """)

  @Option(
    help: ArgumentHelp(
      "What the holder may do; may be repeated.", valueName: "rep|manager|admin|viewer|publisher"))
  var role: [Role] = []

  @Option(help: "Whom the token stands for: the sub claim.")
  var subject: String?

  @Option(help: "How many days the token is valid.")
  var days = 30

  @Option(help: ArgumentHelp("The key, instead of SLUICE_JWT_KEY_FILE.", valueName: "file"))
  var keyFile: String?

  @Flag(help: "Write a new key that only its owner can read, and do nothing else.")
  var createKey = false

  func validate() throws {
    guard !createKey else { return }
    guard !role.isEmpty else {
      throw ValidationError("--role is missing; one or more of \(Self.roles)")
    }
    guard let subject, !subject.isEmpty else {
      throw ValidationError("--subject is missing; whom does the token stand for?")
    }
    guard (1...3_650).contains(days) else {
      throw ValidationError("--days is \(days); it must be from 1 to 3650")
    }
  }

  func run() async throws {
    Console.print(try answer(try OperatorContext.load()))
  }

  /// The token, or where the new key is.
  func answer(_ context: OperatorContext) throws -> String {
    let path = try keyFile ?? context.jwtKeyFile
    do {
      if createKey {
        try TokenIssuer.createKeyFile(at: path)
        return "wrote a new key to \(path); set SLUICE_JWT_KEY_FILE=\(path) for the services"
      }
      let issuer = try TokenIssuer(
        keyFile: path, issuer: context.issuer, audience: context.audience)
      return try issuer.token(
        subject: subject ?? "", roles: role, expiresIn: .seconds(days * 86_400))
    } catch let error as KeyFileError {
      let hint = createKey ? "" : "; sluice token --create-key --key-file \(path) makes one"
      throw OperatorFailure.usage("\(error)\(hint)")
    }
  }

  private static let roles = Role.allCases.map(\.rawValue).joined(separator: ", ")
}
