import ServiceKit
import Testing

@Suite struct TraceContextTests {
  static let valid = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

  @Test func readsAndWrites() throws {
    let trace = try #require(
      TraceContext(traceparent: Self.valid, tracestate: "congo=t61rcWkgMzE, rojo=00f067aa ,"))
    #expect(trace.traceID == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(trace.spanID == "00f067aa0ba902b7")
    #expect(trace.isSampled)
    #expect(trace.traceparent == Self.valid)
    #expect(trace.tracestate == "congo=t61rcWkgMzE,rojo=00f067aa")

    let child = trace.child()
    #expect(child.traceID == trace.traceID)
    #expect(child.spanID != trace.spanID)
    #expect(child.tracestate == trace.tracestate)
    #expect(TraceContext(traceparent: child.traceparent) != nil)
    #expect(TraceContext.root().traceID != TraceContext.root().traceID)
    #expect(TraceContext(traceparent: TraceContext.root().traceparent) != nil)
  }

  @Test(arguments: [
    // A later version may have more behind another dash.
    "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-09-what-the-future-holds",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
    "00-00000000000000000000000000000001-0000000000000001-ff",
  ])
  func accepted(_ text: String) { #expect(TraceContext(traceparent: text) != nil) }

  @Test(arguments: [
    "", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
    "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01more",
    "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
    "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
  ])
  func refused(_ text: String) { #expect(TraceContext(traceparent: text) == nil) }

  @Test(arguments: [
    ("a=1", "a=1"), ("0tenant@vendor=x", "0tenant@vendor=x"), ("a=1,a=2", nil), ("A=1", nil),
    ("a", nil), ("a=", nil), ("a=b=c", nil), ("", nil), ("1a=x", nil), ("a=商", nil),
    ((0..<33).map { "k\($0)=v" }.joined(separator: ","), nil),
  ])
  func tracestate(_ text: String, _ expected: String?) throws {
    let trace = try #require(TraceContext(traceparent: Self.valid, tracestate: text))
    #expect(trace.tracestate == expected)
  }
}
