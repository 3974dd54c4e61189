import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOHTTP1

/// Renders every error as problem details; what was not foreseen is logged and not shown.
struct ProblemMiddleware: RouterMiddleware {
  typealias Context = ServiceRequestContext

  func handle(
    _ request: Request, context: ServiceRequestContext,
    next: (Request, ServiceRequestContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch let error as HTTPParserError {
      // The connection is beyond repair; the server answers and closes it.
      throw error
    } catch {
      return try Self.problem(for: error, context).response(from: request, context: context)
    }
  }

  private static func problem(for error: any Error, _ context: ServiceRequestContext) -> Problem {
    switch error {
    case let problem as Problem:
      return problem
    case is NIOTooManyBytesError:
      return .contentTooLarge(limit: context.maxUploadSize)
    case let error as HTTPError:
      return Problem(
        error.status, code: code(error.status), title: error.status.reasonPhrase,
        detail: error.body, headers: error.headers)
    case let error as any HTTPResponseError:
      return Problem(error.status, code: code(error.status), title: error.status.reasonPhrase)
    case is CancellationError:
      return .unavailable("the service is shutting down")
    case is ChannelError, is IOError:
      return Problem(
        .badRequest, code: "connection-lost", title: "The connection ended within the request")
    default:
      context.logger.error("request failed", error: error)
      return .internalError
    }
  }

  /// `Not Found` becomes `not-found`.
  private static func code(_ status: HTTPResponse.Status) -> String {
    let words = status.reasonPhrase.lowercased().split { !$0.isLetter }
    return words.isEmpty ? "status-\(status.code)" : words.joined(separator: "-")
  }
}
