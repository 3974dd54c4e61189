import Foundation
import Logging
import ServiceContextModule
import ServiceKit
import Synchronization
import Testing

@Suite struct JSONLogTests {
  private final class Lines: Sendable {
    let all = Mutex<[[UInt8]]>([])

    func logger(_ level: Logger.Level = .trace) -> Logger {
      Logger(label: "l\"abel") { label in
        JSONLogHandler(
          service: "stage-service", label: label, level: level,
          metadataProvider: JSONLogging.traceMetadata
        ) { line in self.all.withLock { $0.append(line) } }
      }
    }

    func object() throws -> [String: Any] {
      let line = try #require(all.withLock { $0.last })
      #expect(line.last == 0x0a)
      #expect(line.filter { $0 == 0x0a }.count == 1)
      return try #require(
        try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
    }
  }

  private struct Nasty: Error, CustomStringConvertible {
    var description: String { "broken \"pipe\"\n\u{0}" }
  }

  @Test func aLineHoldsWhatWasLogged() throws {
    let lines = Lines()
    lines.logger().warning("hello", metadata: ["address": "127.0.0.1:1", "count": "\(3)"])
    let object = try lines.object()
    #expect(object["level"] as? String == "warning")
    #expect(object["service"] as? String == "stage-service")
    #expect(object["label"] as? String == "l\"abel")
    #expect(object["message"] as? String == "hello")
    #expect(object["address"] as? String == "127.0.0.1:1")
    let time = try #require(object["time"] as? String)
    #expect(time.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/) != nil)
  }

  @Test func nastyMetadataStaysValidJSON() throws {
    let lines = Lines()
    let nasty = "\u{0}\u{1f}\u{7f}\"\\/\n\r\t\u{2028}\u{2029}商机😀\u{10FFFF}"
    var logger = lines.logger()
    logger[metadataKey: nasty] = .string(nasty)
    logger.error(
      "\(nasty)", error: Nasty(),
      metadata: [
        "list": .array([.string(nasty), .dictionary([nasty: .stringConvertible(1)]), .array([])]),
        "empty": .dictionary([:]), "": "", "message": "shadow", "message_": "second",
        "level": "x", "time": "x", "service": "x", "label": "x", "error": "other",
      ])
    let object = try lines.object()
    #expect(object[nasty] as? String == nasty)
    #expect(object["message"] as? String == nasty)
    #expect(object["error"] as? String == "\(Nasty())")
    #expect(object["error_"] as? String == "other")
    #expect(object["level"] as? String == "error")
    let shadows = ["message_", "message__"].compactMap { object[$0] as? String }
    #expect(Set(shadows) == ["shadow", "second"])
    let list = try #require(object["list"] as? [Any])
    #expect(list[0] as? String == nasty)
    #expect((list[1] as? [String: String]) == [nasty: "1"])
  }

  @Test func linesCarryTheCurrentTrace() throws {
    let lines = Lines()
    let logger = lines.logger()
    let trace = TraceContext.root()
    var context = ServiceContext.topLevel
    context.trace = trace
    ServiceContext.withValue(context) { logger.info("inside") }
    #expect(try lines.object()["traceId"] as? String == trace.traceID)
    #expect(try lines.object()["spanId"] as? String == trace.spanID)
    logger.info("outside")
    #expect(try lines.object()["traceId"] == nil)
  }
}
