/// Finds the addresses of an endpoint and refuses those that nothing may be sent to.
struct AddressCheck: Sendable {
  let resolver: AddressResolver
  let policy: AddressPolicy

  /// Nothing is sent there, and why.
  struct Refusal: Error, CustomStringConvertible {
    let description: String
  }

  /// The addresses to connect to. One forbidden address among them refuses the host.
  func addresses(of url: EndpointURL) async throws -> [IPAddress] {
    let addresses =
      if let literal = IPAddress(url.host) { [literal] } else {
        try await resolver.resolve(url.host)
      }
    for address in addresses {
      if let objection = policy.objection(to: address) {
        throw Refusal(description: "nothing is sent to \(url.host): \(objection)")
      }
    }
    return addresses
  }
}
