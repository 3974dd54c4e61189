import Foundation

/// W3C trace context: the trace that some work belongs to and the span that does it.
package struct TraceContext: Sendable, Hashable {
  private let traceHigh: UInt64
  private let traceLow: UInt64
  private let span: UInt64
  /// Bit 0 is "sampled", bit 1 is "the trace id is random".
  package let flags: UInt8
  /// Vendors' state, handed on as it came.
  package let tracestate: String?

  private init(
    traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8, tracestate: String?
  ) {
    self.traceHigh = traceHigh
    self.traceLow = traceLow
    self.span = span
    self.flags = flags
    self.tracestate = tracestate
  }

  /// Reads the two headers. Nil unless `traceparent` is valid to the letter; a `tracestate`
  /// that is not valid is dropped, as the specification asks.
  package init?(traceparent: String, tracestate: String? = nil) {
    let bytes = Array(traceparent.utf8)
    guard bytes.count >= 55, bytes[2] == dash, bytes[35] == dash, bytes[52] == dash,
      let version = hexadecimal(bytes[0..<2]), version != 0xff,
      bytes.count == 55 || (version > 0 && bytes[55] == dash),
      let high = hexadecimal(bytes[3..<19]), let low = hexadecimal(bytes[19..<35]),
      high | low != 0, let span = hexadecimal(bytes[36..<52]), span != 0,
      let flags = hexadecimal(bytes[53..<55])
    else { return nil }
    self.init(
      traceHigh: high, traceLow: low, span: span, flags: UInt8(flags) & 3,
      tracestate: tracestate.flatMap(validTracestate))
  }

  /// 32 hexadecimal digits.
  package var traceID: String { hexadecimal(traceHigh) + hexadecimal(traceLow) }
  /// 16 hexadecimal digits: the span of this work, the parent of what it calls.
  package var spanID: String { hexadecimal(span) }
  package var isSampled: Bool { flags & 1 == 1 }

  package var traceparent: String {
    "00-\(traceID)-\(spanID)-\(flags < 16 ? "0" : "")\(String(flags, radix: 16))"
  }

  /// A new span in the same trace.
  package func child() -> TraceContext {
    TraceContext(
      traceHigh: traceHigh, traceLow: traceLow, span: .random(in: 1 ... .max), flags: flags,
      tracestate: tracestate)
  }

  /// A new trace, sampled.
  package static func root() -> TraceContext {
    TraceContext(
      traceHigh: .random(in: 1 ... .max), traceLow: .random(in: 1 ... .max),
      span: .random(in: 1 ... .max), flags: 3, tracestate: nil)
  }
}

private let dash = UInt8(ascii: "-")

/// Lower-case digits only, as the specification asks.
private func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
  var value: UInt64 = 0
  for digit in digits {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - 48)
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - 87)
    default: return nil
    }
  }
  return value
}

private func hexadecimal(_ value: UInt64) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: 16 - digits.count) + digits
}

/// The list without empty members; nil where a member is malformed, repeated or one too many.
private func validTracestate(_ text: String) -> String? {
  var keys: Set<Substring> = []
  var members: [String] = []
  for part in text.split(separator: ",") {
    let trimmed = part.trimmingCharacters(in: .whitespaces)
    if trimmed.isEmpty { continue }
    guard
      trimmed.wholeMatch(
        of:
          /([a-z][a-z0-9_\-*\/]{0,255}|[a-z0-9][a-z0-9_\-*\/]{0,240}@[a-z][a-z0-9_\-*\/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]/
      ) != nil, keys.insert(trimmed.prefix { $0 != "=" }).inserted
    else { return nil }
    members.append(trimmed)
  }
  guard (1...32).contains(members.count) else { return nil }
  return members.joined(separator: ",")
}
