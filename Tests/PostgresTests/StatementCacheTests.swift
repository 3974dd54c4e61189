import Testing

@testable import Postgres

@Suite struct StatementCacheTests {
  private func add(_ sql: String, _ types: [UInt32], to cache: inout StatementCache) -> String? {
    guard case .missing(let name, let types, let drop) = cache.lookup(sql, types: types) else {
      Issue.record("\(sql) is already there")
      return nil
    }
    cache.insert(sql, name: name, types: types)
    return drop
  }

  @Test func theLeastRecentlyUsedLeaves() {
    var cache = StatementCache(capacity: 2)
    #expect(add("a", [], to: &cache) == nil)
    #expect(add("b", [], to: &cache) == nil)
    #expect(cache.lookup("a", types: []) == .prepared(name: "s1"))
    #expect(add("c", [], to: &cache) == "s2")
    #expect(cache.lookup("a", types: []) == .prepared(name: "s1"))
    #expect(cache.lookup("b", types: []) == .missing(name: "s4", types: [], drop: "s3"))
  }

  @Test func nullFitsAnyTypeAndATypeReplacesAGuess() {
    var cache = StatementCache(capacity: 2)
    #expect(add("a", [0, 20], to: &cache) == nil)
    #expect(cache.lookup("a", types: [0, 0]) == .prepared(name: "s1"))
    #expect(
      cache.lookup("a", types: [25, 0]) == .missing(name: "s2", types: [25, 20], drop: "s1"))
  }

  @Test func anotherTypeIsAnotherStatement() {
    var cache = StatementCache(capacity: 2)
    #expect(add("a", [20], to: &cache) == nil)
    #expect(add("a", [25], to: &cache) == "s1")
    #expect(cache.lookup("a", types: [25]) == .prepared(name: "s2"))
    cache.remove("a")
    #expect(cache.lookup("a", types: [25]) == .missing(name: "s3", types: [25], drop: nil))
  }
}
