import Contracts
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import Notifier

/// A real HTTP server on 127.0.0.1 that does what the test says.
final class Endpoint: Sendable {
  enum Reaction: Sendable {
    case answer(Int, headers: [(String, String)] = [], body: String = "")
    /// Until `release()`.
    case hold
    case close
    /// A body without end.
    case endless
    /// A head, and then nothing.
    case stall(Int)
  }

  struct Received: Sendable {
    var uri: String
    var headers: [String: String]
    var body: [UInt8]

    var webhookID: String { headers["webhook-id"] ?? "" }
  }

  private struct State {
    var received: [Received] = []
    var connections = 0
    var held: [@Sendable () -> Void] = []
  }

  private let state = Mutex(State())
  private let channel: any Channel
  let port: Int

  /// - Parameter reactions: to the first request, the second, …; the last one to all that follow.
  static func start(_ reactions: [Reaction] = [.answer(204)]) async throws -> Endpoint {
    let box = Mutex<Endpoint?>(nil)
    let channel = try await ServerBootstrap(group: NIOSingletons.posixEventLoopGroup)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.pipeline.configureHTTPServerPipeline().flatMapThrowing {
          guard let endpoint = box.withLock({ $0 }) else { return }
          try channel.pipeline.syncOperations.addHandler(Handler(endpoint, reactions))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let endpoint = Endpoint(channel)
    box.withLock { $0 = endpoint }
    return endpoint
  }

  private init(_ channel: any Channel) {
    self.channel = channel
    port = channel.localAddress?.port ?? 0
  }

  var url: String { "http://127.0.0.1:\(port)/hooks" }
  var received: [Received] { state.withLock { $0.received } }
  var connections: Int { state.withLock { $0.connections } }
  var held: Int { state.withLock { $0.held.count } }

  /// Answers what is held with 204.
  func release() {
    let held = state.withLock { state in
      defer { state.held = [] }
      return state.held
    }
    for answer in held { answer() }
  }

  func stop() async { try? await channel.close() }

  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let endpoint: Endpoint
    private let reactions: [Reaction]
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []

    init(_ endpoint: Endpoint, _ reactions: [Reaction]) {
      self.endpoint = endpoint
      self.reactions = reactions
    }

    func channelActive(context: ChannelHandlerContext) {
      endpoint.state.withLock { $0.connections += 1 }
    }

    func channelInactive(context: ChannelHandlerContext) {
      endpoint.state.withLock { $0.connections -= 1 }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      switch unwrapInboundIn(data) {
      case .head(let head):
        self.head = head
        body = []
      case .body(let part): body += part.readableBytesView
      case .end: answer(context)
      }
    }

    private func answer(_ context: ChannelHandlerContext) {
      let received = Received(
        uri: head?.uri ?? "",
        headers: Dictionary(
          (head?.headers ?? [:]).map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 }),
        body: body)
      let number = endpoint.state.withLock { state in
        state.received.append(received)
        return state.received.count - 1
      }
      switch reactions[min(number, reactions.count - 1)] {
      case .answer(let status, let headers, let body):
        Handler.write(status, headers, body, to: context.channel)
      case .hold:
        let channel = context.channel
        endpoint.state.withLock {
          $0.held.append { Handler.write(204, [], "", to: channel) }
        }
      case .close: context.close(promise: nil)
      case .stall(let status):
        Handler.writeHead(status, [], to: context.channel)
        context.flush()
      case .endless:
        Handler.writeHead(200, [], to: context.channel)
        Handler.writeForever(to: context.channel)
      }
    }

    private static func writeHead(
      _ status: Int, _ headers: [(String, String)], to channel: any Channel
    ) {
      channel.write(
        HTTPServerResponsePart.head(
          HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: status), headers: .init(headers))),
        promise: nil)
    }

    private static func write(
      _ status: Int, _ headers: [(String, String)], _ body: String, to channel: any Channel
    ) {
      writeHead(
        status, headers + (status == 204 ? [] : [("content-length", "\(body.utf8.count)")]),
        to: channel)
      if !body.isEmpty {
        channel.write(HTTPServerResponsePart.body(.byteBuffer(.init(string: body))), promise: nil)
      }
      channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: nil)
    }

    private static func writeForever(to channel: any Channel) {
      let part = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 << 10)
      channel.writeAndFlush(HTTPServerResponsePart.body(.byteBuffer(part))).whenSuccess {
        writeForever(to: channel)
      }
    }
  }
}

/// Lends a server to one test.
func withEndpoint<Result>(
  _ reactions: Endpoint.Reaction..., body: (Endpoint) async throws -> Result
) async throws -> Result {
  let endpoint = try await Endpoint.start(reactions.isEmpty ? [.answer(204)] : reactions)
  do {
    let result = try await body(endpoint)
    await endpoint.stop()
    return result
  } catch {
    await endpoint.stop()
    throw error
  }
}
