import Foundation

/// An address of version 4 (4 bytes) or 6 (16 bytes).
struct IPAddress: Hashable, Sendable, CustomStringConvertible {
  let bytes: [UInt8]

  init(bytes: [UInt8]) { self.bytes = bytes }

  /// Dotted decimal with four parts, or the text form of version 6; nothing else.
  init?(_ text: String) {
    var four = in_addr()
    var six = in6_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      bytes = withUnsafeBytes(of: &four) { Array($0) }
    } else if inet_pton(AF_INET6, text, &six) == 1 {
      bytes = withUnsafeBytes(of: &six) { Array($0) }
    } else {
      return nil
    }
  }

  var description: String {
    var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &buffer, socklen_t(buffer.count)) != nil else { return "?" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The version 4 address that one of version 6 stands for: mapped, NAT64, 6to4.
  var embedded: IPAddress? {
    guard bytes.count == 16 else { return nil }
    for prefix in ["::ffff:0:0/96", "64:ff9b::/96"] where Network(prefix).contains(self) {
      return IPAddress(bytes: Array(bytes[12...]))
    }
    return Network("2002::/16").contains(self) ? IPAddress(bytes: Array(bytes[2..<6])) : nil
  }
}

/// A range of addresses, such as `10.0.0.0/8`.
struct Network: Sendable {
  private let base: IPAddress
  private let bits: Int

  /// - Parameter text: one of our own constants.
  init(_ text: String) {
    let parts = text.split(separator: "/")
    base = IPAddress(String(parts[0]))!
    bits = Int(parts[1])!
  }

  func contains(_ address: IPAddress) -> Bool {
    guard address.bytes.count == base.bytes.count else { return false }
    let whole = bits / 8
    guard address.bytes.prefix(whole) == base.bytes.prefix(whole) else { return false }
    let rest = bits % 8
    return rest == 0 || (address.bytes[whole] ^ base.bytes[whole]) >> (8 - rest) == 0
  }
}
