package import ServiceKit

/// Asks the policy on behalf of the routes, and answers what it says in terms of HTTP.
package struct AccessControl: Sendable {
  package let directory: DirectoryCache

  package init(directory: DirectoryCache) { self.directory = directory }

  /// Who calls, once it is certain that the caller may do it to some deal: 403 where not.
  package func caller(
    _ context: ServiceRequestContext, to action: AccessPolicy.Action
  ) async throws -> Caller {
    let principal = try context.require(anyOf: AccessPolicy.roles(for: action))
    let caller = Caller(
      subject: principal.subject, roles: principal.roles, in: try await directory.current())
    if let refusal = caller.refusal(action) { throw Problem(refusal) }
    return caller
  }
}
