import ArgumentParser
import Contracts
import Logging
import ServiceKit
import ServiceLifecycle
import UnixSignals

struct WebhooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks",
    abstract: "Tries webhooks out.",
    discussion: """
      Example:
        sluice webhooks listen
      """,
    subcommands: [WebhooksListenCommand.self])
}

struct WebhooksListenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "listen",
    abstract: "Subscribes an address of this machine and shows every webhook that arrives.",
    discussion: """
      Listens, makes a subscription at the notifier for itself, checks the signature of each webhook \
      and writes one line for it. The subscription ends with it, unless --keep is given: then the \
      next run under the same address goes on with it, and what could not be delivered meanwhile \
      comes then.

      The notifier sends to a private or loopback address only with \
      SLUICE_WEBHOOK_PRIVATE_ADDRESSES=allow, as deploy/local/up sets it.

      Example:
        sluice webhooks listen --type sluice.stage-moved.v1 --type sluice.follow-up-missed.v1
      """)

  @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
  var address = "127.0.0.1:0"

  @Option(
    name: .customLong("type"),
    help: ArgumentHelp("Only events of this type; may be repeated.", valueName: "type"))
  var types: [String] = []

  @Option(help: ArgumentHelp("Only deals of this pipeline.", valueName: "key"))
  var pipeline: String?

  @Flag(help: "Leave the subscription when this ends.")
  var keep = false

  func validate() throws {
    guard ListenAddress(address) != nil else {
      throw ValidationError("--address is \(address); it must be host:port")
    }
  }

  func run() async throws {
    guard let address = ListenAddress(address) else { return }
    let notifier = try OperatorContext.load().notifier()
    let (addresses, bound) = AsyncStream<ListenAddress>.makeStream()
    let listener = WebhookListener { Console.print($0) }
    let router = makeServiceRouter()
    listener.add(to: router)
    let quiet = Logger(label: "webhooks") { _ in SwiftLogNoOpLogHandler() }
    let server = HTTPServer(address: address, router: router, logger: quiet) { bound.yield($0) }
    let subscriber = Subscriber(
      addresses: addresses, types: types, pipeline: pipeline, keep: keep, notifier: notifier,
      listener: listener)
    try await ServiceGroup(
      services: [server, subscriber], gracefulShutdownSignals: [.sigint, .sigterm], logger: quiet
    ).run()
  }
}

/// Subscribes once the address is known, and at the end takes the subscription back.
private struct Subscriber: Service {
  let addresses: AsyncStream<ListenAddress>
  let types: [String]
  let pipeline: String?
  let keep: Bool
  let notifier: ServiceClient
  let listener: WebhookListener

  func run() async throws {
    for await address in addresses.cancelOnGracefulShutdown() {
      let url = "http://\(address)\(WebhookListener.path)"
      let subscription = try await WebhookSubscription.take(
        url: url, types: types, pipeline: pipeline, at: notifier)
      guard let verifier = WebhookVerifier(secrets: [subscription.secret]) else {
        throw OperatorFailure.unavailable(
          "the notifier gave a secret that is not whsec_ and base64; is it the same version?")
      }
      listener.begin(with: verifier)
      Console.print("Listening on \(url), subscription \(subscription.id); Ctrl-C ends it")
      try? await gracefulShutdown()
      if !keep { try await subscription.remove(at: notifier) }
      return
    }
  }
}
