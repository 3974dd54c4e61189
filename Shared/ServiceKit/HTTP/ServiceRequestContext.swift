package import Hummingbird
package import NIOCore

/// What travels with a request from the first middleware to the handler.
package struct ServiceRequestContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Who calls, once ``AuthenticationMiddleware`` has let the request through.
  package var principal: Principal?
  /// Most bytes of a body that is read.
  package var maxUploadSize: Int
  /// The peer, where the request came over a socket.
  package let remoteAddress: SocketAddress?

  package init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    principal = nil
    maxUploadSize = ServiceRouterOptions().bodyLimit
    remoteAddress = source.channel.remoteAddress
  }

  package var requestDecoder: RequestBodyDecoder { RequestBodyDecoder() }
  package var responseEncoder: ResponseBodyEncoder { ResponseBodyEncoder() }

  /// The caller, who must have one of `roles`: 401 without a caller, 403 without the role.
  @discardableResult
  package func require(_ roles: Role...) throws -> Principal { try require(anyOf: roles) }

  @discardableResult
  package func require(anyOf roles: [Role]) throws -> Principal {
    guard let principal else { throw Problem.unauthorized(.missing) }
    guard !principal.roles.isDisjoint(with: roles) else { throw Problem.forbidden(allowed: roles) }
    return principal
  }
}
