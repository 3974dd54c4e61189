/// Which addresses a webhook may be sent to, so that nobody makes this service call what only it can
/// reach.
struct AddressPolicy: Sendable {
  /// Private and loopback addresses too, for installations whose receivers stand there.
  let allowsPrivate: Bool

  /// Why nothing is sent there; nil where it may be.
  func objection(to address: IPAddress) -> String? {
    let judged = address.embedded ?? address
    let name = judged == address ? "\(address)" : "\(address) (\(judged))"
    if AddressPolicy.never.contains(where: { $0.contains(judged) }) {
      return "\(name) is a link-local, metadata, multicast or reserved address"
    }
    if AddressPolicy.inside.contains(where: { $0.contains(judged) }) {
      return allowsPrivate ? nil : "\(name) is a private or loopback address"
    }
    if judged.bytes.count == 16, !AddressPolicy.global.contains(judged) {
      return "\(name) is no public address"
    }
    return nil
  }

  private static let global = Network("2000::/3")

  /// Loopback, private use, carrier-grade NAT, benchmarking, unique local.
  private static let inside = [
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
    "198.18.0.0/15", "::1/128", "fc00::/7",
  ].map(Network.init)

  /// No receiver stands here, whatever the configuration says: this host, link-local with the
  /// clouds' metadata (two of which lie elsewhere), protocol assignments, documentation, 6to4 relays,
  /// multicast, reserved, local NAT64, discard-only, site-local.
  private static let never = [
    "0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    "fe80::/10", "fd00:ec2::254/128", "64:ff9b:1::/48", "100::/64", "2001::/23",
    "2001:db8::/32", "fec0::/10", "ff00::/8",
  ].map(Network.init)
}
