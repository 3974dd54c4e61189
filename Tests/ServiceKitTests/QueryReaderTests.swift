import Contracts
import Foundation
import HTTPTypes
import ServiceKit
import Testing

@Suite struct QueryReaderTests {
  private enum Status: String, CaseIterable { case open, won, lost }

  @Test func parametersAreTyped() throws {
    var query = QueryReader(
      query: "limit=7&status=won&q=a+b%2Bc%26&asOf=2026-03-01T00:00:00+08:00&all=true&team=&flag")
    #expect(query.int("limit", in: 1...500, default: 50) == 7)
    #expect(query.int("offset", in: 0...9, default: 3) == 3)
    #expect(query.choice("status", Status.self) == .won)
    #expect(query.string("q") == "a b+c&")
    #expect(query.string("team") == nil)
    #expect(query.string("flag") == nil)
    #expect(query.bool("all") == true)
    #expect(query.instant("asOf") == Instant(microseconds: 1_772_294_400_000_000))
    try query.finish()
  }

  @Test func allThatIsWrongIsListed() throws {
    var query = QueryReader(
      query: "limit=0&status=wonn&asOf=today&all=1&q=%zz&x=1&x=2&ofset=1&long=aaaa&%ff=1")
    _ = query.int("limit", in: 1...500)
    _ = query.choice("status", Status.self)
    _ = query.instant("asOf")
    _ = query.bool("all")
    _ = query.string("q")
    _ = query.string("x")
    _ = query.string("long", maximumLength: 3)
    let problem = try #require(throws: Problem.self) { try query.finish() }
    #expect(problem.status == .badRequest)
    let fields = problem.errors.map { $0.field ?? "" }
    #expect(
      Set(fields) == ["limit", "status", "asOf", "all", "q", "x", "ofset", "long", "%ff"])
    #expect(fields.count == 9)
    let status = try #require(problem.errors.first { $0.field == "status" })
    #expect(status.message.en == "parameter status must be one of open, won, lost")
    #expect(status.message.zh.contains("open, won, lost"))
    let unknown = try #require(problem.errors.first { $0.field == "ofset" })
    #expect(unknown.message.en.contains("limit"))
  }
}
